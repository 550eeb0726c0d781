from libc.stddef cimport size_t
from libc.stdint cimport uint32_t, uint64_t


cdef extern from "cpu.h" nogil:
    uint32_t cpu_features()


cdef extern from "crc.h" nogil:
    enum: CRC64NVME, CRC32, CRC32C

    struct crc_model:
        const char *name
        unsigned width
        uint64_t mask

    struct crc_kernel:
        const char *name

    const crc_model crc_models[]
    const crc_kernel crc_kernels[]

    bint crc_kernel_usable(const crc_kernel *kernel, uint32_t features)
    const crc_kernel *crc_kernel_select(uint32_t features)
    const crc_kernel *crc_kernel_named(const char *name)
    const crc_model *crc_model_named(const char *name)
    uint64_t crc_extend(
        const crc_model *model, const crc_kernel *kernel, uint64_t crc, const void *p, size_t len
    )
    uint64_t crc_combine(
        const crc_model *model, const crc_kernel *kernel,
        uint64_t crc_a, uint64_t crc_b, uint64_t len_b,
    )

    enum: CRC_FILE_LEFT

    struct crc_file_sum:
        uint64_t crc
        uint64_t size

    int crc_file(
        const crc_model *model, const crc_kernel *kernel, const char *path,
        uint64_t largest, void *buffer, size_t capacity, crc_file_sum *sum,
    )
