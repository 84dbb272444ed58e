/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What vgpuctl costs beside other commands: bench_commands TURNS {WHAT TARGET OURS BASE}...
 *
 * OURS and BASE are command lines, their words divided by spaces; "@DIR" in front runs them in a root directory. A
 * turn runs all of OURS, then all of BASE, so that what one made another can end. Their output is thrown away.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

#define MAX_WORDS 32
#define ARGS_EACH 4
#define MAX_PAIRS 8
#define MAX_TURNS 1001

struct command {
	char *words[MAX_WORDS + 1];
	const char *root; /* NULL: ours */
	int64_t times[MAX_TURNS];
};

struct pair {
	const char *what;
	double target;
	struct command ours;
	struct command base;
};

static bool parse(char *text, struct command *out)
{
	size_t n = 0;
	char *word;

	for (word = strtok(text, " "); word; word = strtok(NULL, " ")) {
		if (n == MAX_WORDS)
			return false;
		if (word[0] == '@')
			out->root = word + 1;
		else
			out->words[n++] = word;
	}
	return n;
}

static _Noreturn void become(const struct command *command)
{
	int null = open("/dev/null", O_RDWR);

	if (null < 0 || dup2(null, STDOUT_FILENO) < 0)
		_exit(126);
	if (command->root && (chroot(command->root) || chdir("/")))
		_exit(126);
	execvp(command->words[0], command->words);
	_exit(127);
}

static int run(struct command *command, size_t turn)
{
	int64_t start = bench_now_ns();
	pid_t pid = fork();
	int status;

	if (pid == 0)
		become(command);
	if (pid < 0 || waitpid(pid, &status, 0) != pid) {
		fprintf(stderr, "bench_commands: %s: %s\n", command->words[0], strerror(errno));
		return -1;
	}
	command->times[turn] = bench_now_ns() - start;
	if (status)
		fprintf(stderr, "bench_commands: %s: ended with %d\n", command->words[0],
				WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
	return status;
}

static int run_turns(struct pair *pairs, size_t count, size_t turns)
{
	size_t turn, i;
	int r = 0;

	for (turn = 0; turn < turns; turn++) {
		for (i = 0; !r && i < count; i++)
			r = run(&pairs[i].ours, turn);
		for (i = 0; !r && i < count; i++)
			r = run(&pairs[i].base, turn);
	}
	return r;
}

int main(int argc, char **argv)
{
	static struct pair pairs[MAX_PAIRS];
	size_t turns = argc > 1 ? strtoul(argv[1], NULL, 10) : 0, count = argc > 2 ? (size_t)(argc - 2) / ARGS_EACH : 0, i;
	bool is_good = turns && turns <= MAX_TURNS && count && count <= MAX_PAIRS && (argc - 2) % ARGS_EACH == 0;

	argv += 2;
	for (i = 0; is_good && i < count; i++, argv += ARGS_EACH) {
		pairs[i].what = argv[0];
		pairs[i].target = strtod(argv[1], NULL);
		is_good = parse(argv[2], &pairs[i].ours) && parse(argv[3], &pairs[i].base);
	}
	if (!is_good) {
		fprintf(stderr, "usage: bench_commands TURNS {WHAT TARGET OURS BASE}...\n");
		return 2;
	}
	if (run_turns(pairs, count, turns))
		return EXIT_FAILURE;
	for (i = 0; i < count; i++)
		bench_report(pairs[i].what, pairs[i].ours.times, pairs[i].base.times, turns, 1, pairs[i].target);
	return EXIT_SUCCESS;
}
