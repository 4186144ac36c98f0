// SPDX-License-Identifier: MIT
/* SIGINT and SIGTERM while training: the first asks to save and stop, the second ends the program at once. */
#include "cli.h"

#include <signal.h>

static volatile sig_atomic_t came;

static void on_signal(int number)
{
    if (came) {
        signal(number, SIG_DFL);
        raise(number);
    }
    came = number;
}

void cli_signals_catch(void)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

int cli_signal(void)
{
    return (int)came;
}
