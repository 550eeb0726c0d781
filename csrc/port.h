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

/* MSVC has its own types for the vectors of AArch64: there the portable kernel serves. */
#if defined(__aarch64__) && defined(__GNUC__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define PORT_AARCH64 1
#else
#define PORT_AARCH64 0
#endif

/* MSVC runs on little-endian machines only. */
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define PORT_LE64(value) __builtin_bswap64(value)
#define PORT_LE32(value) __builtin_bswap32(value)
#else
#define PORT_LE64(value) (value)
#define PORT_LE32(value) (value)
#endif

/* MSVC accepts every intrinsic in every function; GCC and Clang want the function marked. */
#if defined(__GNUC__) || defined(__clang__)
#define PORT_TARGET(isa) __attribute__((target(isa)))
#define PORT_ALIGN(n)    __attribute__((aligned(n)))
#define PORT_INLINE      static inline __attribute__((always_inline))
#define PORT_APART       static __attribute__((noinline))
#else
#define PORT_TARGET(isa)
#define PORT_ALIGN(n) __declspec(align(n))
#define PORT_INLINE   static __forceinline
#define PORT_APART    static __declspec(noinline)
#endif

PORT_INLINE uint64_t load_le64(const uint8_t *p) {
    uint64_t value;
    memcpy(&value, p, sizeof value);
    return PORT_LE64(value);
}

PORT_INLINE uint32_t load_le32(const uint8_t *p) {
    uint32_t value;
    memcpy(&value, p, sizeof value);
    return PORT_LE32(value);
}

#endif
