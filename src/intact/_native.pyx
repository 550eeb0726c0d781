# cython: language_level=3, freethreading_compatible=True, binding=False
# cython: embedsignature=True, embedsignature.format=clinic
# cython: autotestdict=False, auto_pickle=False
"""CRC-64/NVME, CRC-32 and CRC-32C over any buffer.

The checksums are computed by the C code in csrc/; this module moves buffers.
"""

cimport cython
from cpython.buffer cimport PyBUF_SIMPLE, PyBuffer_Release, PyObject_GetBuffer
from cpython.bytes cimport PyBytes_FromStringAndSize
from cpython.long cimport PyLong_AsUnsignedLongLong
from cpython.number cimport PyNumber_Index
from libc.stdint cimport UINT64_MAX, uint32_t, uint64_t

from intact cimport _csrc as c

cdef enum:
    RELEASE_GIL_AT = 16384  # bytes; measured by benchmarks/bench_gil.py

cdef uint32_t FEATURES = c.cpu_features()
cdef const c.crc_kernel *SELECTED = c.crc_kernel_select(FEATURES)


cdef int acquire(object data, Py_buffer *view) except -1:
    if isinstance(data, str):
        raise TypeError("Strings must be encoded before hashing")
    PyObject_GetBuffer(data, view, PyBUF_SIMPLE)
    return 0


cdef uint64_t extend(
    const c.crc_model *model, const c.crc_kernel *kernel, uint64_t crc, Py_buffer *view
) noexcept:
    if view.len < RELEASE_GIL_AT:
        return c.crc_extend(model, kernel, crc, view.buf, <size_t>view.len)
    with nogil:
        return c.crc_extend(model, kernel, crc, view.buf, <size_t>view.len)


cdef int unsigned(object number, uint64_t limit, uint64_t *value) except -1:
    number = PyNumber_Index(number)  # Cython's own conversion would truncate a float
    value[0] = PyLong_AsUnsignedLongLong(number)
    if value[0] > limit:
        raise OverflowError(f"{number:#x} is above {limit:#x}")
    return 0


cdef object one_shot(
    const c.crc_model *model, const c.crc_kernel *kernel, object data, object value
):
    cdef uint64_t crc
    cdef Py_buffer view
    unsigned(value, model.mask, &crc)
    acquire(data, &view)
    try:
        crc = extend(model, kernel, crc, &view)
    finally:
        PyBuffer_Release(&view)
    return crc


cdef uint64_t length(object size) except? 0xffffffffffffffff:
    cdef uint64_t value
    size = PyNumber_Index(size)
    if size < 0:
        raise ValueError(f"length is {size}; wanted none that is negative")
    unsigned(size, UINT64_MAX, &value)
    return value


cdef object combine(const c.crc_model *model, object crc1, object crc2, object len2):
    cdef uint64_t a, b
    unsigned(crc1, model.mask, &a)
    unsigned(crc2, model.mask, &b)
    return c.crc_combine(model, a, b, length(len2))


def crc64nvme(data, value=0, /):
    """CRC-64/NVME of a buffer, or of what `value` is the CRC of followed by the buffer.

    Raises TypeError unless `data` is a bytes-like object, BufferError unless it is
    contiguous, and OverflowError unless `value` fits.
    """
    return one_shot(&c.crc_models[c.CRC64NVME], SELECTED, data, value)


def crc32(data, value=0, /):
    """CRC-32/ISO-HDLC, that of zlib; otherwise as crc64nvme."""
    return one_shot(&c.crc_models[c.CRC32], SELECTED, data, value)


def crc32c(data, value=0, /):
    """CRC-32/ISCSI; otherwise as crc64nvme."""
    return one_shot(&c.crc_models[c.CRC32C], SELECTED, data, value)


def crc64nvme_combine(crc1, crc2, len2):
    """CRC of a + b from crc1 of a, crc2 of b and the length of b in bytes, below 2**64.

    Raises OverflowError unless all three fit and ValueError for a negative length.
    """
    return combine(&c.crc_models[c.CRC64NVME], crc1, crc2, len2)


def crc32_combine(crc1, crc2, len2):
    """CRC of a + b from crc1 of a, crc2 of b and the length of b; as crc64nvme_combine."""
    return combine(&c.crc_models[c.CRC32], crc1, crc2, len2)


def crc32c_combine(crc1, crc2, len2):
    """CRC of a + b from crc1 of a, crc2 of b and the length of b; as crc64nvme_combine."""
    return combine(&c.crc_models[c.CRC32C], crc1, crc2, len2)


cdef class _Crc:
    """What the three hash objects share."""

    cdef const c.crc_model *_model
    cdef uint64_t _crc
    cdef cython.pymutex _lock

    def __cinit__(self):
        if type(self) is Crc64Nvme:
            self._model = &c.crc_models[c.CRC64NVME]
        elif type(self) is Crc32:
            self._model = &c.crc_models[c.CRC32]
        elif type(self) is Crc32c:
            self._model = &c.crc_models[c.CRC32C]
        else:
            raise TypeError(f"cannot create {type(self).__name__!r} instances")

    cdef int append(self, object data) except -1:
        cdef Py_buffer view
        acquire(data, &view)
        try:
            with self._lock:
                self._crc = extend(self._model, SELECTED, self._crc, &view)
        finally:
            PyBuffer_Release(&view)
        return 0

    cdef uint64_t value(self) noexcept:
        with self._lock:
            return self._crc

    def update(self, data, /):
        """Append a buffer.  Threads may share an object; updates do not interleave."""
        self.append(data)

    def append_crc(self, crc, size, /):
        """Append `size` bytes of which only the CRC is known, as if they had been updated.

        Raises OverflowError unless both fit and ValueError for a negative size.
        """
        cdef uint64_t value
        cdef uint64_t count = length(size)
        unsigned(crc, self._model.mask, &value)
        with self._lock:
            self._crc = c.crc_combine(self._model, self._crc, value, count)

    def digest(self):
        """The CRC as big-endian bytes."""
        cdef uint64_t crc = self.value() << (64 - self._model.width)
        cdef unsigned char[8] big
        cdef int i
        for i in range(8):
            big[i] = (crc >> (56 - 8 * i)) & 0xff
        return PyBytes_FromStringAndSize(<char *>big, self._model.width // 8)

    def hexdigest(self):
        """The digest in lower-case hexadecimal, leading zeros included."""
        return self.digest().hex()

    def copy(self):
        """Another object in the same state."""
        cdef _Crc other = type(self).__new__(type(self))
        other._crc = self.value()
        return other

    def __repr__(self):
        return f"<{self.name} {type(self).__name__} object @ {id(self):#x}>"

    @property
    def name(self):
        """Lower-case name of the CRC."""
        return self._model.name.decode()

    @property
    def digest_size(self):
        """Bytes of a digest."""
        return self._model.width // 8

    @property
    def block_size(self):
        """One byte: a CRC does not collect blocks."""
        return 1


@cython.final
cdef class Crc64Nvme(_Crc):
    """Crc64Nvme(data=b"", *, usedforsecurity=True)\n--\n\nCRC-64/NVME in the style of hashlib."""

    def __cinit__(self, data=b"", *, bint usedforsecurity=True):
        self.append(data)


@cython.final
cdef class Crc32(_Crc):
    """Crc32(data=b"", *, usedforsecurity=True)\n--\n\nCRC-32/ISO-HDLC in the style of hashlib."""

    def __cinit__(self, data=b"", *, bint usedforsecurity=True):
        self.append(data)


@cython.final
cdef class Crc32c(_Crc):
    """Crc32c(data=b"", *, usedforsecurity=True)\n--\n\nCRC-32/ISCSI in the style of hashlib."""

    def __cinit__(self, data=b"", *, bint usedforsecurity=True):
        self.append(data)


def kernels():
    """The name of each kernel, fastest first, and whether this machine can run it."""
    rows = []
    cdef const c.crc_kernel *kernel = c.crc_kernels
    while kernel.name != NULL:
        rows.append((kernel.name.decode(), c.crc_kernel_usable(kernel, FEATURES)))
        kernel += 1
    return tuple(rows)


def selected():
    """The name of the kernel in use."""
    return SELECTED.name.decode()


def _extend(str model_name not None, data, value=0, *, str kernel=None):
    """The one-shot function of a model by name, with a kernel by name."""
    cdef bytes name = model_name.encode()
    cdef const c.crc_model *model = c.crc_model_named(name)
    if model == NULL:
        raise ValueError(f"no model is named {model_name!r}")
    cdef const c.crc_kernel *chosen = SELECTED
    if kernel is not None:
        name = kernel.encode()
        chosen = c.crc_kernel_named(name)
        if chosen == NULL:
            raise ValueError(f"no kernel is named {kernel!r}")
        if not c.crc_kernel_usable(chosen, FEATURES):
            raise ValueError(f"this machine cannot run kernel {kernel!r}")
    return one_shot(model, chosen, data, value)
