/* ARMv8-A with the AES extension: Cortex-A53 and later, Graviton, Ampere, Snapdragon. */
#include "../port.h"
#if PORT_AARCH64
#define NAME          crc_update_pmull
#define MULTIPLY      crc_multiply_pmull
#define ISA           "+crypto"
#define XOR3(a, b, c) veorq_u64(veorq_u64(a, b), c)
#include "fold_template.h"
#endif
