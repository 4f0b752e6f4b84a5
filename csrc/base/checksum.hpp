// checksum.hpp: the checksum of stored bytes, CRC-32C.
//
// The cyclic redundancy check of Castagnoli, Braeuer, Herrmann 1993, doi:10.1109/26.231911, as in
// RFC 3720: reflected polynomial 0x82F63B78, start and end inverted; the bytes "123456789" give
// 0xE3069283. It is a published standard, so that files can be checked without this engine, and
// processors compute it. In a block of up to 256 MiB it finds every change of up to three bits, and
// every damaged stretch of up to 32 bits, wherever they are.
#pragma once

#include <cstddef>
#include <cstdint>

namespace bw {

// The checksum of a byte range. `before` is the checksum of the bytes that stand before it, 0 where
// there are none: checksum(b, nb, checksum(a, na)) is the checksum of a followed by b.
std::uint32_t checksum(const void* bytes, std::size_t size, std::uint32_t before = 0);

// The checksum of two ranges, one behind the other, of their checksums alone: for parts that are
// looked at in different places. Costs about a microsecond.
std::uint32_t joined_checksum(std::uint32_t before, std::uint32_t after, std::uint64_t after_size);

// The same through tables alone, as on a processor without an instruction for it.
std::uint32_t checksum_portable(const void* bytes, std::size_t size, std::uint32_t before = 0);

}  // namespace bw
