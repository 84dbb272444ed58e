/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ready COMMAND...: begins a service in the background, as a service manager does, and prints its process id once it
 * says that it is ready (sd_notify(3)). Fails where it ends before, or says nothing for 20 seconds.
 */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define WAIT_MS 20000

/* An abstract name, which nobody has to take away: the kernel chooses it. */
static int open_socket(char *name, size_t size)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	socklen_t length = sizeof(sa_family_t);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&address, length))
		return -1;
	length = sizeof(address);
	if (getsockname(fd, (struct sockaddr *)&address, &length))
		return -1;
	snprintf(name, size, "@%.*s", (int)(length - offsetof(struct sockaddr_un, sun_path) - 1), address.sun_path + 1);
	return fd;
}

int main(int argc, char **argv)
{
	char name[128], message[512];
	int fd = open_socket(name, sizeof(name)), null, i, status;
	pid_t child;

	if (argc < 2 || fd < 0)
		return 2;
	child = fork();
	if (child == 0) {
		null = open("/dev/null", O_RDWR);
		dup2(null, STDIN_FILENO);
		dup2(null, STDOUT_FILENO);
		setenv("NOTIFY_SOCKET", name, 1);
		execvp(argv[1], argv + 1);
		_exit(127);
	}
	for (i = 0; i < WAIT_MS / 100; i++) {
		struct pollfd wait = {.fd = fd, .events = POLLIN};

		if (poll(&wait, 1, 100) == 1) {
			ssize_t n = recv(fd, message, sizeof(message) - 1, 0);

			message[n > 0 ? n : 0] = '\0';
			if (strstr(message, "READY=1")) {
				printf("%d\n", (int)child);
				return 0;
			}
		}
		if (waitpid(child, &status, WNOHANG) == child) {
			fprintf(stderr, "ready: %s has ended, with status %d\n", argv[1], WEXITSTATUS(status));
			return WEXITSTATUS(status) ? WEXITSTATUS(status) : 1;
		}
	}
	fprintf(stderr, "ready: %s is not ready\n", argv[1]);
	kill(child, SIGKILL);
	return 1;
}
