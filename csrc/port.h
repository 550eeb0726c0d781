/* What differs between compilers and machines. */
#ifndef INTACT_PORT_H
#define INTACT_PORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__x86_64__) || defined(_M_X64)
#define PORT_X86_64 1
#else
#define PORT_X86_64 0
#endif

/* MSVC accepts every intrinsic in every function; GCC and Clang want the function marked. */
#if defined(__GNUC__) || defined(__clang__)
#define PORT_TARGET(isa) __attribute__((target(isa)))
#define PORT_ALIGN(n)    __attribute__((aligned(n)))
#define PORT_INLINE      static inline __attribute__((always_inline))
#else
#define PORT_TARGET(isa)
#define PORT_ALIGN(n) __declspec(align(n))
#define PORT_INLINE   static __forceinline
#endif

/* Compilers turn these into one load, and a byte swap where the machine is big-endian. */
PORT_INLINE uint64_t load_le64(const uint8_t *p) {
    uint64_t value = 0;
    for (int i = 0; i < 8; i++)
        value |= (uint64_t)p[i] << (8 * i);
    return value;
}

PORT_INLINE uint32_t load_le32(const uint8_t *p) {
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

#endif
