"""The oracle: each CRC bit by bit, straight from its generator polynomial."""

# Width and reflected generator without its leading term.
MODELS = {
    "crc64nvme": (64, 0x9A6C9329AC4BC9B5),
    "crc32": (32, 0xEDB88320),
    "crc32c": (32, 0x82F63B78),
}


def crc(model: str, data: bytes, value: int = 0) -> int:
    width, poly = MODELS[model]
    ones = (1 << width) - 1
    value ^= ones
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ poly * (value & 1)
    return value ^ ones
