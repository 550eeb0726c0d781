/* Small files, read and summed in one go: what costs is not the sum but the calls of the system,
 * and the interpreter between them.  Without POSIX every file is left to the caller. */
#if !defined(_WIN32)
#define _POSIX_C_SOURCE   200809L
#define _FILE_OFFSET_BITS 64
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#endif

#include "crc.h"

#if defined(_WIN32)

int crc_file(const struct crc_model *model, const struct crc_kernel *kernel, const char *path,
             uint64_t largest, void *buffer, size_t capacity, struct crc_file_sum *sum) {
    (void)model, (void)kernel, (void)path, (void)largest, (void)buffer, (void)capacity, (void)sum;
    return CRC_FILE_LEFT;
}

#else

/* To the end, which a read that brings less than it could has found, if the size agrees. */
static int drain(const struct crc_model *model, const struct crc_kernel *kernel, int file,
                 uint64_t size, void *buffer, size_t capacity, struct crc_file_sum *sum) {
    for (;;) {
        ssize_t count = read(file, buffer, capacity);
        if (count > 0) {
            sum->crc = crc_extend(model, kernel, sum->crc, buffer, (size_t)count);
            sum->size += (uint64_t)count;
            if ((size_t)count < capacity && sum->size == size) {
                return 0;
            }
        } else if (count == 0) {
            return 0;
        } else if (errno != EINTR) {
            return errno;
        }
    }
}

int crc_file(const struct crc_model *model, const struct crc_kernel *kernel, const char *path,
             uint64_t largest, void *buffer, size_t capacity, struct crc_file_sum *sum) {
    struct stat status;
    /* Asked before opening: to open a FIFO may block, and to close it may kill its writer. */
    if (stat(path, &status) != 0) {
        return errno;
    }
    if (!S_ISREG(status.st_mode) || (uint64_t)status.st_size > largest) {
        return CRC_FILE_LEFT;
    }
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        return errno;
    }
    sum->crc = 0;
    sum->size = 0;
    int error = drain(model, kernel, file, (uint64_t)status.st_size, buffer, capacity, sum);
    close(file);
    return error;
}

#endif
