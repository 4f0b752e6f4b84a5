// file_io.cpp: writes N bytes to a plain file with fsync, and reads them back: what a snapshot is
// measured against.
//
//   file_io [bytes=N] [path=FILE] [block=BYTES] [rounds=R] [cache=warm|cold]
//
// The data lie in memory, as a simulation's columns do. A write is: create FILE.tmp, write it in
// blocks, fsync, close, rename to FILE. cache=cold asks the kernel to forget the file before it is
// read (which has an effect on real disks only). Files are waited for, so these are seconds by the
// clock on the wall, medians over the rounds. FILE is removed at the end.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "program.hpp"

namespace {

[[noreturn]] void fail(const std::string& what) {
  baseline::refuse(what + ": " + std::strerror(errno));
}

void write_file(const std::string& path, const std::vector<char>& data, size_t block) {
  const std::string partial = path + ".tmp";
  const int file = open(partial.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
  if (file < 0) fail("open " + partial);
  for (size_t done = 0; done < data.size();) {
    const ssize_t written = write(file, data.data() + done, std::min(block, data.size() - done));
    if (written < 0) fail("write " + partial);
    done += static_cast<size_t>(written);
  }
  if (fsync(file) != 0 || close(file) != 0) fail("fsync " + partial);
  if (rename(partial.c_str(), path.c_str()) != 0) fail("rename " + partial);
}

void read_file(const std::string& path, std::vector<char>& data, size_t block, bool cold) {
  const int file = open(path.c_str(), O_RDONLY);
  if (file < 0) fail("open " + path);
  if (cold) posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED);
  size_t done = 0;
  while (done < data.size()) {
    const ssize_t got = read(file, data.data() + done, std::min(block, data.size() - done));
    if (got < 0) fail("read " + path);
    if (got == 0) break;
    done += static_cast<size_t>(got);
  }
  close(file);
  if (done != data.size()) baseline::refuse(path + " is shorter than what was written");
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

}  // namespace

int main(int argc, char** argv) {
  const baseline::Arguments arguments(argc, argv, {"bytes", "path", "block", "rounds", "cache"});
  const auto bytes = arguments.number<size_t>("bytes", size_t{256} << 20);
  const auto block = arguments.number<size_t>("block", size_t{8} << 20);
  const auto count = arguments.number<size_t>("rounds", 5);
  const bool cold = arguments.choice("cache", {"warm", "cold"}) == "cold";
  const std::string path = arguments.text("path", "file_io.bin");
  if (bytes == 0 || block == 0 || count == 0) baseline::refuse("numbers must be at least 1");
  std::vector<char> data(bytes), back(bytes);
  baseline::Random random(1);
  for (size_t i = 0; i + 8 <= bytes; i += 8) {
    const uint64_t word = random.next();
    std::memcpy(&data[i], &word, sizeof word);
  }
  std::vector<double> writes, reads;
  const double cpu = baseline::cpu_seconds(), wall = baseline::wall_seconds();
  for (size_t round = 0; round < count; ++round) {
    const double start = baseline::wall_seconds();
    write_file(path, data, block);
    const double written = baseline::wall_seconds();
    read_file(path, back, block, cold);
    reads.push_back(baseline::wall_seconds() - written);
    writes.push_back(written - start);
  }
  const double cpu_spent = baseline::cpu_seconds() - cpu;
  const double wall_spent = baseline::wall_seconds() - wall;
  if (data != back) baseline::refuse("what was read is not what was written");
  unlink(path.c_str());
  const double megabytes = 1e-6 * static_cast<double>(bytes);
  baseline::Report report("file_io");
  report
      .timing("byte", 2.0 * static_cast<double>(bytes) * static_cast<double>(count), cpu_spent,
              wall_spent)
      .figure("write_seconds", median(writes))
      .figure("read_seconds", median(reads))
      .figure("write_megabytes_per_second", megabytes / median(writes))
      .figure("read_megabytes_per_second", megabytes / median(reads))
      .parameter("bytes", bytes)
      .parameter("block", block)
      .parameter("rounds", count)
      .parameter("cache", cold ? "cold" : "warm")
      .metric("equal", true);
  report.print();
}
