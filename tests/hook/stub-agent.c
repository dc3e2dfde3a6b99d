/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Stands for iovpoold: tells, through the FIFO "agent" beside its own file, what it inherited, and
 * lives until somebody has read that.
 */
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void
print_descriptors(FILE *out)
{
    DIR *dir = opendir("/proc/self/fd");

    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        char path[300], target[300];
        int fd = atoi(entry->d_name);

        snprintf(path, sizeof(path), "/proc/self/fd/%s", entry->d_name);
        ssize_t length = readlink(path, target, sizeof(target) - 1);
        if (length < 0 || fd == dirfd(dir) || fd == fileno(out))
            continue;
        target[length] = '\0';
        fprintf(out, "fd %d %s\n", fd, target);
    }
    closedir(dir);
}

int
main(void)
{
    char path[4096], cwd[4096];
    ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 16);
    struct sigaction pipe_action;

    if (length < 0)
        return 1;
    path[length] = '\0';
    strcpy(strrchr(path, '/') + 1, "agent");
    FILE *out = fopen(path, "w");
    if (out == NULL || getcwd(cwd, sizeof(cwd)) == NULL)
        return 1;
    print_descriptors(out);
    sigaction(SIGPIPE, NULL, &pipe_action);
    fprintf(out, "leader %d\ncwd %s\nsigpipe %s\n", getsid(0) != getsid(getppid()), cwd,
            pipe_action.sa_handler == SIG_DFL ? "default" : "changed");
    for (char **entry = environ; *entry != NULL; entry++)
        fprintf(out, "env %s\n", *entry);
    return fclose(out) == 0 ? 0 : 1;
}
