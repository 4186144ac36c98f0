// SPDX-License-Identifier: MIT
/* recur: recurrent neural networks on the command line. Finds the command and hands over. */
#include "cli.h"

#include <errno.h>
#include <string.h>

static const cli_command *const commands[] = {
    &cli_train,   &cli_evaluate, &cli_predict, &cli_generate, &cli_inspect,
    &cli_forward, &cli_plot,     &cli_data,    &cli_describe,
};

static int print_help(void)
{
    printf("recur %s: recurrent neural networks, trained and run on the command line\n\nusage:\n",
           recur_version());
    for (size_t i = 0; i < CLI_COUNT(commands); i++)
        printf("  recur %-46s %s\n", commands[i]->usage, commands[i]->summary);
    printf("  recur %-46s %s\n", "help COMMAND", "the options of a command");
    printf("  recur %-46s %s\n", "--version", "the version of this program");
    printf("\nResults go to standard output, everything else to standard error.\n"
           "Exit status: 0 done, 1 the work failed, 2 the command line is wrong, 3 the input is bad, 130 or "
           "143 stopped and saved.\n");
    return EXIT_DONE;
}

static int print_version(void)
{
    printf("recur %s\n", recur_version());
    return EXIT_DONE;
}

static const cli_command *find(const char *name)
{
    for (size_t i = 0; i < CLI_COUNT(commands); i++)
        if (strcmp(commands[i]->name, name) == 0)
            return commands[i];
    return NULL;
}

static int unknown(const char *name)
{
    const char *names[CLI_COUNT(commands) + 2] = {"help"};
    for (size_t i = 0; i < CLI_COUNT(commands); i++)
        names[i + 1] = commands[i]->name;
    const char *near = recur_word_suggest(names, name);
    if (near)
        cli_error("unknown command \"%s\": did you mean \"recur %s\"?", name, near);
    else
        cli_error("unknown command \"%s\"; recur --help lists them", name);
    return EXIT_USAGE;
}

static int help_on(int argc, char **argv)
{
    char option[] = "--help", *alone[] = {option}, *with_task[] = {argc > 1 ? argv[1] : NULL, option};
    const cli_command *command = argc > 0 ? find(argv[0]) : NULL;
    if (argc == 0)
        return print_help();
    if (!command)
        return unknown(argv[0]);
    return argc > 1 && command == &cli_train ? command->run(2, with_task) : command->run(1, alone);
}

static int dispatch(int argc, char **argv)
{
    if (argc < 2) {
        cli_error("a command is missing; recur --help lists them");
        return EXIT_USAGE;
    }
    const char *name = argv[1];
    if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0)
        return print_version();
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
        return print_help();
    if (strcmp(name, "help") == 0)
        return help_on(argc - 2, argv + 2);
    const cli_command *command = find(name);
    return command ? command->run(argc - 2, argv + 2) : unknown(name);
}

/* What could not be written is a failure, even when all else went well. */
static int flush(int status)
{
    bool failed = fflush(stdout) != 0 || ferror(stdout);
    if (failed && status == EXIT_DONE) {
        cli_error("cannot write the results to standard output: %s", strerror(errno));
        return EXIT_WORK;
    }
    return status;
}

int main(int argc, char **argv)
{
    return flush(dispatch(argc, argv));
}
