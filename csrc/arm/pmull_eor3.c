/* Three-way exclusive or, from the SHA3 extension: Apple M1, Neoverse V1 and N2 and later. */
#include "../port.h"
#if PORT_AARCH64
#define NAME          crc_update_pmull_eor3
#define ISA           "arch=armv8.2-a+crypto+sha3"
#define XOR3(a, b, c) veor3q_u64(a, b, c)
#include "fold_template.h"
#endif
