// SPDX-License-Identifier: MIT
/* What the pictures share: gnuplot, and how all pictures look. */
#ifndef RECUR_CLI_PLOT_H
#define RECUR_CLI_PLOT_H

#include "cli.h"

enum { PLOT_PATH = 4096 };

/* Okabe and Ito's colours: told apart by all. */
#define PLOT_BLUE "#0072B2"
#define PLOT_RED "#D55E00"
#define PLOT_GREY "#9a9a9a"
#define PLOT_INK "#222222"

/* A gnuplot that takes commands; NULL, after a note, where there is none. Closing tells whether it could do them. */
FILE *cli_gnuplot_open(void);
bool cli_gnuplot_close(FILE *g);

/* Forgets the picture before, and sets what all have in common. */
void cli_plot_begin(FILE *g);
/* A text in gnuplot's single quotes, where nothing is special but the quote itself. */
void cli_plot_quote(FILE *g, const char *text);
/* A heading over the left end of the picture; the key is on its right. */
void cli_plot_heading(FILE *g, const char *text);
/* Draws with the commands `plot` twice: FOLDER/NAME.svg for screens, .png for documents. Sizes in pixels of the
 * first; 0, 0: the usual ones. */
void cli_plot_draw(FILE *g, const char *folder, const char *name, int width, int height, const char *plot);

/* Draws one file. */
void cli_plot_file(FILE *g, const char *file, bool png, int width, int height, const char *plot);

/* ---- the pictures of a run, a file each (plot_NAME.c): false where the run has no data for one ---- */
bool cli_plot_loss(FILE *g, const char *folder);
bool cli_plot_forecast(FILE *g, const char *folder);
bool cli_plot_classes(FILE *g, const char *folder); /* confusion.svg, calibration.svg */

#endif
