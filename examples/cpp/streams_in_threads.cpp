// SPDX-License-Identifier: MIT
/*
 * From C++: objects that free themselves, errors as exceptions, and one plan shared by several threads.
 *
 *     plan      made once by one thread, from then on constant
 *     session   one per stream; a thread that steps its own session meets no other: no lock, no allocation
 *
 * A GRU learns to forecast a wave, then four threads follow a wave of a different speed each. The same four
 * waves go through the layer as one batch, and every forecast must have the same bits.
 *
 *     c++ -std=c++17 streams_in_threads.cpp $(pkg-config --cflags --libs recur) -pthread -o streams
 *
 * Prints the error of each stream's forecasts, and how many of them differ from the batch: none, or it fails.
 */
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <memory>
#include <stdexcept>
#include <thread>
#include <vector>

#include <recur/recur.h>

namespace
{
constexpr int64_t T = 200, B = 4, H = 16;
constexpr int steps = 150;

/* owned<recur_ctx, recur_ctx_free> is a pointer that frees what it points at. */
template <auto Free> struct freeing {
    template <class Object> void operator()(Object *object) const
    {
        Free(object);
    }
};
template <class Object, auto Free> using owned = std::unique_ptr<Object, freeing<Free>>;

using context = owned<recur_ctx, recur_ctx_free>;
using parameters = owned<recur_params, recur_params_free>;
using layer = owned<recur_rnn, recur_rnn_free>;
using optimizer = owned<recur_optim, recur_optim_free>;
using tape = owned<recur_tape, recur_tape_free>;
using plan = owned<recur_plan, recur_plan_free>;

void check(recur_status status, const recur_ctx *cx)
{
    const char *text;
    if (status == RECUR_OK)
        return;
    recur_error(cx, &text);
    throw std::runtime_error(text);
}

/* What create(&object, arguments ..) makes. */
template <class Owned, class Create, class... Arguments>
Owned make(const recur_ctx *cx, Create create, Arguments... arguments)
{
    typename Owned::pointer object = nullptr;
    check(create(&object, arguments...), cx);
    return Owned(object);
}

/* Members are freed in reverse order, the context last. */
struct network {
    context cx = make<context>(nullptr, recur_ctx_create, nullptr);
    parameters ps = make<parameters>(cx.get(), recur_params_create, cx.get(), RECUR_F32, 1u);
    layer rnn;
    recur_linear_layer head;
    optimizer optim;
    tape tp = make<tape>(cx.get(), recur_tape_create, cx.get(), 0u);

    network()
    {
        recur_rnn_config config{};
        config.cell = RECUR_GRU;
        config.input = 1;
        config.hidden = H;
        config.batch_first = true;
        recur_optim_config adam = recur_optim_defaults(RECUR_ADAM);
        adam.lr = 0.01;
        rnn = make<layer>(cx.get(), recur_rnn_create, ps.get(), "rnn", &config);
        check(recur_linear_create(&head, ps.get(), "head", H, 1, true), cx.get());
        optim = make<optimizer>(cx.get(), recur_optim_create, ps.get(), &adam);
    }

    recur_tensor *input(const std::vector<float> &v) const
    {
        const int64_t shape[] = {B, T, 1};
        return recur_input(tp.get(), RECUR_F32, 3, shape, v.data());
    }

    recur_tensor *forward(const std::vector<float> &v) const
    {
        recur_tensor *h = recur_rnn_forward(tp.get(), rnn.get(), input(v), nullptr, nullptr, nullptr).y;
        return recur_linear_forward(tp.get(), &head, h);
    }
};

/* B waves of T values, `later` steps on: wave b turns by 0.2 + 0.1 b at each step. */
std::vector<float> waves(int later)
{
    std::vector<float> v(B * T);
    for (int64_t i = 0; i < B * T; i++)
        v[static_cast<size_t>(i)] = static_cast<float>(
            std::sin((0.2 + 0.1 * static_cast<double>(i / T)) * static_cast<double>(i % T + later)));
    return v;
}

void train(network &net, const std::vector<float> &x, const std::vector<float> &next)
{
    for (int step = 0; step < steps; step++) {
        recur_tape_begin(net.tp.get(), RECUR_TRAIN);
        recur_tensor *y = net.forward(x);
        recur_tensor *loss = recur_mse_loss(net.tp.get(), y, net.input(next), RECUR_MEAN);
        check(recur_backward(net.tp.get(), loss), net.cx.get());
        check(recur_optim_step(net.optim.get()), net.cx.get());
    }
}

plan freeze(const network &net)
{
    plan frozen = make<plan>(net.cx.get(), recur_plan_create, net.cx.get());
    check(recur_plan_rnn(frozen.get(), net.rnn.get()), net.cx.get());
    check(recur_plan_linear(frozen.get(), &net.head), net.cx.get());
    return frozen;
}

/* One stream from its first value to its last: x [T] -> y [T]. */
void follow(const recur_plan *frozen, const float *x, float *y)
{
    struct alignas(64) block {
        unsigned char bytes[64];
    };
    std::vector<block> memory(recur_session_size(frozen, 1) / sizeof(block) + 1);
    recur_session *session;
    if (recur_session_init(&session, memory.data(), memory.size() * sizeof(block), frozen, 1) != RECUR_OK)
        return;
    for (int64_t t = 0; t < T; t++)
        recur_session_step(session, x + t, y + t);
}

std::vector<float> follow_all(const recur_plan *frozen, const std::vector<float> &x)
{
    std::vector<float> y(x.size());
    std::vector<std::thread> threads;
    for (size_t b = 0; b < B; b++)
        threads.emplace_back(follow, frozen, x.data() + b * T, y.data() + b * T);
    for (std::thread &thread : threads)
        thread.join();
    return y;
}

/* Prints a row for each stream; the number of forecasts that the batch gives differently. */
int compare(const network &net, const std::vector<float> &x, const std::vector<float> &next,
            const std::vector<float> &y)
{
    recur_tape_begin(net.tp.get(), RECUR_INFER);
    const float *batch = recur_f32(net.forward(x));
    check(batch ? RECUR_OK : recur_error(net.cx.get(), nullptr), net.cx.get());
    int differ = 0;
    for (size_t b = 0; b < B; b++) {
        double error = 0;
        for (size_t i = b * T; i < (b + 1) * T; i++) {
            error += std::abs(double(y[i]) - double(next[i])) / T;
            differ += y[i] != batch[i];
        }
        std::printf("stream %d: mean error %.3f\n", int(b), error);
    }
    std::printf("%d of %d forecasts differ from the batch\n", differ, int(B * T));
    return differ;
}
} // namespace

int main()
{
    try {
        const std::vector<float> x = waves(0), next = waves(1);
        network net;
        train(net, x, next);
        const plan frozen = freeze(net);
        return compare(net, x, next, follow_all(frozen.get(), x)) ? EXIT_FAILURE : EXIT_SUCCESS;
    } catch (const std::exception &error) {
        std::fprintf(stderr, "error: %s\n", error.what());
        return EXIT_FAILURE;
    }
}
