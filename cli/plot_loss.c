// SPDX-License-Identifier: MIT
/* loss.svg: the loss of training and validation by epoch. */
#include <jansson.h>
#include <math.h>
#include <stdlib.h>

#include "plot.h"

typedef struct curve {
    double least, most; /* of all losses */
    double best_epoch, epochs;
    bool valid; /* there is a validation part */
} curve;

static void widen(curve *c, double loss)
{
    c->least = fmin(c->least, loss);
    c->most = fmax(c->most, loss);
}

/* One line of metrics.jsonl as "epoch train valid". */
static void put_epoch(FILE *g, const char *line, curve *c)
{
    json_t *e = json_loads(line, 0, NULL);
    double epoch = json_number_value(json_object_get(e, "epoch"));
    double train = json_number_value(json_object_get(e, "train_loss"));
    const json_t *valid = json_object_get(e, "valid_loss");
    if (e)
        fprintf(g, "%.17g %.17g %.17g\n", epoch, train,
                json_is_number(valid) ? json_number_value(valid) : NAN);
    if (e)
        widen(c, train);
    if (json_is_number(valid)) {
        widen(c, json_number_value(valid));
        c->valid = true;
    }
    if (json_is_true(json_object_get(e, "best")))
        c->best_epoch = epoch;
    c->epochs = fmax(c->epochs, epoch);
    json_decref(e);
}

static bool put_epochs(FILE *g, const char *folder, curve *c)
{
    char path[PLOT_PATH + 64], *line = NULL;
    size_t room = 0;
    snprintf(path, sizeof path, "%s/" RECUR_FILE_METRICS, folder);
    FILE *file = fopen(path, "r");
    if (!file)
        return false;
    *c = (curve){.least = INFINITY, .most = 0};
    fprintf(g, "$loss << END\n");
    while (getline(&line, &room, file) >= 0)
        put_epoch(g, line, c);
    fprintf(g, "END\n");
    free(line);
    fclose(file);
    return c->most > 0;
}

/* A dotted line at the best epoch, its name on the side where there is room. */
static void mark_best(FILE *g, double best, double epochs)
{
    bool left = best > epochs / 2;
    fprintf(g, "set arrow 1 from %.17g, graph 0 to %.17g, graph 1 nohead lw 1 dt 3 lc rgb '" PLOT_GREY "'\n",
            best, best);
    fprintf(g,
            "set label 1 'best: epoch %.0f' at %.17g, graph 0.96 %s offset %d,0 textcolor rgb '" PLOT_INK
            "'\n",
            best, best, left ? "right" : "left", left ? -1 : 1);
}

bool cli_plot_loss(FILE *g, const char *folder)
{
    curve c;
    if (!put_epochs(g, folder, &c))
        return false;
    cli_plot_begin(g);
    cli_plot_heading(g, "loss");
    fprintf(g, "set xlabel 'epoch'\nset autoscale xfix\n");
    if (c.least > 0 && c.most / c.least > 10)
        fprintf(g, "set logscale y\nset format y '%%g'\n");
    if (c.best_epoch > 0)
        mark_best(g, c.best_epoch, c.epochs);
    cli_plot_draw(g, folder, "loss", 0, 0,
                  c.valid ? "plot $loss using 1:2 with lines lw 2 lc rgb '" PLOT_BLUE "' title 'training', "
                            "$loss using 1:3 with lines lw 2 lc rgb '" PLOT_RED "' title 'validation'"
                          : "plot $loss using 1:2 with lines lw 2 lc rgb '" PLOT_BLUE "' title 'training'");
    return true;
}
