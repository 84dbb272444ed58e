/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Running a vendor's program, in the helper process. */
#include "sys/helper_program.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdnoreturn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

noreturn static void become(int output, char *const argv[])
{
	char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin", locale[] = "LC_ALL=C";
	char *const environment[] = {path, locale, NULL};
	sigset_t none;
	int null = open("/dev/null", O_RDONLY);

	if (null < 0 || dup2(output, STDOUT_FILENO) < 0 || dup2(output, STDERR_FILENO) < 0 || dup2(null, STDIN_FILENO) < 0)
		_exit(127);
	close_range(STDERR_FILENO + 1, ~0U, 0);
	/* they were blocked when the helper was made */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	execve(argv[0], argv, environment);
	_exit(127);
}

/* To the end, so that the program never meets a closed pipe; what finds no room is dropped. */
static void read_all(int fd, char *text, size_t size)
{
	char rest[256];
	size_t used = 0;
	ssize_t n;

	do {
		if (used < size - 1)
			n = read(fd, text + used, size - 1 - used);
		else
			n = read(fd, rest, sizeof(rest));
		if (n > 0 && used < size - 1)
			used += (size_t)n;
	} while (n > 0 || (n < 0 && errno == EINTR));
	text[used] = '\0';
}

int vg_run_program(const char *program, const char *option, const char *operand, char *text, size_t size)
{
	char *const argv[] = {(char *)(uintptr_t)program, (char *)(uintptr_t)option, (char *)(uintptr_t)operand, NULL};
	int output[2], status = 0;
	long pid;

	text[0] = '\0';
	if (access(program, X_OK) || pipe2(output, O_CLOEXEC))
		return -errno;
	/* not fork(3): none of the caller's fork handlers may run */
	pid = syscall(SYS_clone, (unsigned long)SIGCHLD, NULL, NULL, NULL, 0UL);
	if (pid == 0)
		become(output[1], argv);
	close(output[1]);
	if (pid > 0)
		read_all(output[0], text, size);
	close(output[0]);
	if (pid < 0)
		return -EAGAIN;
	while (waitpid((pid_t)pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -ECANCELED;
}
