// SPDX-License-Identifier: MIT
/* Progress of a training on standard error: a bar on a terminal, a line per epoch elsewhere. */
#include "cli.h"

#include <math.h>
#include <string.h>

enum { LINE = 256, BAR = 24 };
static const double redraw_every = 0.1; /* seconds */

static double drawn_at = -1; /* seconds of the run when the bar was last drawn */
static bool bar_is_there;
static double last_valid = NAN;

/* 95 s is "1:35", an hour and a half "1:30:00" */
static void clock_text(char *text, size_t size, double seconds)
{
    long s = lround(seconds);
    if (isnan(seconds))
        snprintf(text, size, "-:--");
    else if (s < 3600)
        snprintf(text, size, "%ld:%02ld", s / 60, s % 60);
    else
        snprintf(text, size, "%ld:%02ld:%02ld", s / 3600, s / 60 % 60, s % 60);
}

/* 1234567 is "1.2M" */
static void rate_text(char *text, size_t size, double rate)
{
    static const struct {
        double unit;
        const char *letter;
    } units[] = {{1e9, "G"}, {1e6, "M"}, {1e3, "k"}, {0, ""}};
    size_t i = 0;
    while (rate < units[i].unit)
        i++;
    if (isnan(rate))
        snprintf(text, size, "-");
    else
        snprintf(text, size, "%.*f%s", units[i].unit > 0 ? 1 : 0,
                 rate / (units[i].unit > 0 ? units[i].unit : 1), units[i].letter);
}

/* "[=====>   ]": how much of the epoch is learnt */
static void bar_text(char *text, const recur_event *e)
{
    int full = e->batches > 0 ? (int)(e->batch * BAR / e->batches) : 0;
    text[0] = '[';
    for (int i = 0; i < BAR; i++)
        text[1 + i] = i < full ? '=' : i == full ? '>' : ' ';
    memcpy(text + 1 + BAR, "]", 2);
}

/* A line of pieces, of which the first matter most: where one does not fit the terminal, the line ends. */
typedef struct bar {
    char line[LINE];
    int width;
    bool full;
} bar;

static void add(bar *b, const char *piece)
{
    size_t n = strlen(b->line), m = strlen(piece);
    b->full = b->full || n + m + 2 >= LINE || (int)(n + m + 2) >= b->width;
    if (!b->full)
        snprintf(b->line + n, LINE - n, "%s%s", n ? "  " : "", piece);
}

static void draw(const recur_event *e)
{
    bar b = {.width = cli_width(stderr)};
    char piece[LINE], text[LINE];
    snprintf(piece, sizeof piece, "epoch %lld/%lld", (long long)e->epoch, (long long)e->epochs);
    add(&b, piece);
    snprintf(piece, sizeof piece, "loss %.4g", e->loss);
    add(&b, piece);
    clock_text(text, sizeof text, e->seconds_left);
    snprintf(piece, sizeof piece, "%.32s left", text);
    add(&b, piece);
    snprintf(piece, sizeof piece, "valid %.4g", last_valid);
    add(&b, isnan(last_valid) ? "valid -" : piece);
    bar_text(text, e);
    snprintf(piece, sizeof piece, "%.64s %lld/%lld", text, (long long)e->batch, (long long)e->batches);
    add(&b, piece);
    rate_text(text, sizeof text, e->units_per_second);
    snprintf(piece, sizeof piece, "%.32s steps/s", text);
    add(&b, piece);
    snprintf(piece, sizeof piece, "lr %.3g", e->lr);
    add(&b, piece);
    fprintf(stderr, "\r%s\033[K", b.line);
    fflush(stderr);
    bar_is_there = true;
    drawn_at = e->seconds;
}

static void print_epoch(const recur_event *e)
{
    char valid[LINE] = "-";
    if (!isnan(e->valid_loss))
        snprintf(valid, sizeof valid, "%.6g", e->valid_loss);
    fprintf(stderr, "epoch %lld/%lld  train %.6g  valid %s  lr %.4g  %.1f s%s\n", (long long)e->epoch,
            (long long)e->epochs, e->loss, valid, e->lr, e->seconds, e->best ? "  best" : "");
}

void cli_progress_end(void)
{
    if (bar_is_there)
        fputs("\r\033[K", stderr);
    bar_is_there = false;
}

static void note(const char *text)
{
    cli_progress_end();
    cli_note("%s", text);
}

bool cli_progress(void *user, const recur_event *e)
{
    (void)user;
    if (e->kind == RECUR_EVENT_NOTE)
        note(e->text);
    if (e->kind == RECUR_EVENT_EPOCH)
        last_valid = e->valid_loss;
    if (cli_quiet() || e->kind == RECUR_EVENT_NOTE)
        return cli_signal() == 0;
    bool terminal = cli_terminal(stderr);
    if (!terminal && e->kind == RECUR_EVENT_EPOCH)
        print_epoch(e);
    if (terminal && (drawn_at < 0 || e->seconds - drawn_at >= redraw_every))
        draw(e);
    return cli_signal() == 0;
}
