/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* on_terminal COMMAND...: runs it with a terminal as standard error, prints what that showed, and ends as it ended. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), slave, status;
	char buf[4096];
	ssize_t n;
	pid_t pid;

	if (argc < 2 || master < 0 || grantpt(master) || unlockpt(master))
		return 126;
	slave = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (slave < 0)
		return 126;
	pid = fork();
	if (pid == 0) {
		dup2(slave, STDERR_FILENO);
		execvp(argv[1], argv + 1);
		_exit(127);
	}
	close(slave);
	while ((n = read(master, buf, sizeof(buf))) > 0) /* an error when nobody has the other end any more */
		fwrite(buf, 1, (size_t)n, stdout);
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return 126;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
