// SPDX-License-Identifier: MIT
/*
 * A network trained with PyTorch, run here. The file holds its state_dict; three lines of Python write it:
 *
 *     from safetensors.torch import save_file
 *     net = torch.nn.ModuleDict({"rnn": torch.nn.LSTM(1, 2, batch_first=True), "head": torch.nn.Linear(2,
 * 1)}) save_file(net.state_dict(), "net.safetensors")
 *
 * Names, shapes and the order of the gates (i, f, g, o in an LSTM, r, z, n in a GRU) are PyTorch's, so the
 * weights go in as they are. What the network is can be read off the shapes: with G gates
 *
 *     rnn.weight_ih_l0 [G*H, I]    rnn.weight_hh_l0 [G*H, H]    rnn.weight_ih_l1 ..    head.weight [O, H]
 *
 *     cc 09_pytorch_weights.c $(pkg-config --cflags --libs recur) -lm -o weights && ./weights
 * [net.safetensors]
 *
 * Without an argument it first writes the file that those three lines gave for a small network, and compares
 * what comes out with what PyTorch 1.13 said for the same input; it fails on a difference above 1e-6. With a
 * file of your own (an RNN, LSTM or GRU "rnn" in one direction, with biases, and a Linear "head") it prints
 * what comes out.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include <recur/recur.h>

/* What PyTorch had: the weights, an input [1, 5, 1], and its answer [1, 5, 1]. */
static const float weight_ih[8][1] = {{0.169f},  {0.167f},  {-1.156f}, {-0.82f},
                                      {-1.394f}, {-1.304f}, {1.394f},  {1.168f}};
static const float weight_hh[8][2] = {{0.335f, 1.342f},  {-0.512f, -0.807f}, {1.206f, -0.075f},
                                      {0.269f, 0.836f},  {0.745f, -0.81f},   {-0.547f, -1.305f},
                                      {0.062f, -0.507f}, {0.304f, 0.066f}};
static const float bias_ih[8] = {1.206f, 0.122f, 0.709f, 0.446f, 1.255f, -0.588f, 1.181f, 1.014f};
static const float bias_hh[8] = {-0.564f, 0.867f, 1.307f, -0.8f, -0.552f, 0.967f, 1.14f, 0.373f};
static const float head_weight[1][2] = {{0.434f, 1.047f}};
static const float head_bias[1] = {1.239f};

static const float input[5] = {0.5f, -1, 2, 0.25f, -0.75f};
static const double answer[5] = {1.06061816, 1.69944131, 0.480686605, 1.55296302, 1.80485368};

static recur_entry entry(const char *name, int rank, const int64_t *shape, const float *data, size_t size)
{
    return (recur_entry){
        .name = name, .dtype = "F32", .rank = rank, .shape = shape, .data = data, .size = size};
}

/* The file that save_file() writes. */
static recur_status write_file(recur_ctx *cx, const char *path)
{
    const recur_entry entries[] = {
        entry("rnn.weight_ih_l0", 2, (int64_t[]){8, 1}, *weight_ih, sizeof weight_ih),
        entry("rnn.weight_hh_l0", 2, (int64_t[]){8, 2}, *weight_hh, sizeof weight_hh),
        entry("rnn.bias_ih_l0", 1, (int64_t[]){8}, bias_ih, sizeof bias_ih),
        entry("rnn.bias_hh_l0", 1, (int64_t[]){8}, bias_hh, sizeof bias_hh),
        entry("head.weight", 2, (int64_t[]){1, 2}, *head_weight, sizeof head_weight),
        entry("head.bias", 1, (int64_t[]){1}, head_bias, sizeof head_bias),
    };
    return recur_archive_write(cx, path, entries, sizeof entries / sizeof *entries, NULL, 0);
}

typedef struct network {
    recur_params *ps;
    recur_rnn *rnn;
    recur_linear_layer head;
    recur_tape *tp;
} network;

/* Lists the tensors; true if they make a network: its cell, sizes, layers, and the outputs O of the head. */
static bool understand(const recur_archive *a, recur_rnn_config *config, int64_t *O)
{
    static const recur_cell cells[] = {
        [1] = RECUR_RNN_TANH, [3] = RECUR_GRU, [4] = RECUR_LSTM}; /* by gates */
    recur_entry e, ih, hh, head;
    char name[40];
    for (size_t i = 0; recur_archive_at(a, i, &e) == RECUR_OK; i++) {
        printf("%-20s %s [", e.name, e.dtype);
        for (int axis = 0; axis < e.rank; axis++)
            printf(axis ? ", %lld" : "%lld", (long long)e.shape[axis]);
        printf("]\n");
    }
    if (recur_archive_find(a, "rnn.weight_ih_l0", &ih) || recur_archive_find(a, "rnn.weight_hh_l0", &hh) ||
        recur_archive_find(a, "head.weight", &head) || ih.rank != 2 || hh.rank != 2 || head.rank != 2)
        return false;
    int64_t I = ih.shape[1], H = hh.shape[1], gates = H > 0 ? hh.shape[0] / H : 0;
    if (gates != 1 && gates != 3 && gates != 4)
        return false;
    *config = (recur_rnn_config){.cell = cells[gates], .input = I, .hidden = H, .batch_first = true};
    do
        snprintf(name, sizeof name, "rnn.weight_ih_l%d", ++config->layers);
    while (recur_archive_find(a, name, &e) == RECUR_OK);
    *O = head.shape[0];
    return true;
}

/* Makes the network and fills it; every tensor of the file must find its place, and every parameter its
 * tensor. */
static bool load(network *net, recur_ctx *cx, const char *path)
{
    recur_archive *a = NULL;
    recur_rnn_config config;
    int64_t O;
    bool good = recur_archive_open(&a, cx, path) == RECUR_OK && understand(a, &config, &O) &&
                !(recur_params_create(&net->ps, cx, RECUR_F32, 0) ||
                  recur_rnn_create(&net->rnn, net->ps, "rnn", &config) ||
                  recur_linear_create(&net->head, net->ps, "head", config.hidden, O, true) ||
                  recur_params_load(net->ps, a, NULL, 0) || recur_tape_create(&net->tp, cx, 0));
    recur_archive_free(a);
    return good;
}

/* Prints what the network says to five inputs, the same in each of its I columns, and compares if it is ours.
 */
static bool run(network *net, bool ours, double *worst)
{
    int64_t I = recur_rnn_config_of(net->rnn)->input;
    recur_tape_begin(net->tp, RECUR_INFER);
    recur_tensor *x = recur_input(net->tp, RECUR_F32, 3, (int64_t[]){1, 5, I}, NULL);
    for (int64_t i = 0; x && i < 5 * I; i++)
        recur_f32(x)[i] = input[i / I];
    recur_tensor *h = recur_rnn_forward(net->tp, net->rnn, x, NULL, NULL, NULL).y;
    recur_tensor *y = recur_linear_forward(net->tp, &net->head, h);
    printf("\n%6s %12s %12s\n", "input", "here", ours ? "PyTorch" : "");
    for (int t = 0; y && t < 5; t++) {
        double here = recur_item(y, t * recur_dim(y, 2));
        printf("%6.2f %12.7f", (double)input[t], here);
        if (ours) {
            printf(" %12.7f", answer[t]);
            *worst = fmax(*worst, fabs(here - answer[t]));
        }
        printf("\n");
    }
    return y != NULL;
}

int main(int argc, char **argv)
{
    const char *path = argc > 1 ? argv[1] : "pytorch_weights.safetensors", *text;
    recur_ctx *cx = NULL;
    network net = {0};
    double worst = 0;
    bool ours = argc < 2;
    bool good = recur_ctx_create(&cx, NULL) == RECUR_OK && (!ours || write_file(cx, path) == RECUR_OK) &&
                load(&net, cx, path) && run(&net, ours, &worst);
    if (!good) {
        bool said = recur_error(cx, &text) != RECUR_OK;
        fprintf(stderr, "error: %s\n", said ? text : "the shapes are not those of an RNN, LSTM or GRU");
    } else if (ours) {
        printf("largest difference %.1e\n", worst);
    }
    if (ours)
        remove(path);
    recur_tape_free(net.tp);
    recur_rnn_free(net.rnn);
    recur_params_free(net.ps);
    recur_ctx_free(cx);
    return good && worst < 1e-6 ? EXIT_SUCCESS : EXIT_FAILURE;
}
