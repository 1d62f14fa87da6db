//! What an access costs, in virtual time.
//!
//! An access costs a latency and a transfer; a page that follows the one before it costs the transfer alone, which is
//! why a scan of a whole file can beat many look-ups.
//!
//! | device | random read | write | sync | bandwidth |
//! |---|---|---|---|---|
//! | RAM | 100 ns | 100 ns | 0 | 10 GB/s |
//! | NVMe | 20 us | 10 us | 20 us | 3 GB/s |
//! | SSD | 150 us | 50 us | 500 us | 500 MB/s |
//! | HDD | 8 ms | 8 ms | 8 ms | 150 MB/s |
//!
//! RAM and SSD reads and the SSD's bandwidth are the curriculum's figures; the others are typical of their kind.

glassbase_trace::id::words! {
    /// The kind of device that the disk is.
    Device {
        Ram = "ram",
        Nvme = "nvme",
        Ssd = "ssd",
        Hdd = "hdd",
    }
}

/// One access to a page that is in memory.
pub const MEMORY_ACCESS_NS: u64 = 100;

impl Device {
    /// Time to read `bytes`, which follow on what was accessed last (`sequential`) or not.
    pub fn read_ns(self, bytes: usize, sequential: bool) -> u64 {
        let latency_ns = match self {
            Device::Ram => 100,
            Device::Nvme => 20_000,
            Device::Ssd => 150_000,
            Device::Hdd => 8_000_000,
        };
        self.access_ns(latency_ns, bytes, sequential)
    }

    /// Time to write `bytes` to the device's volatile cache.
    pub fn write_ns(self, bytes: usize, sequential: bool) -> u64 {
        let latency_ns = match self {
            Device::Ram => 100,
            Device::Nvme => 10_000,
            Device::Ssd => 50_000,
            Device::Hdd => 8_000_000,
        };
        self.access_ns(latency_ns, bytes, sequential)
    }

    /// Time until all that was written is durable.
    pub fn sync_ns(self) -> u64 {
        match self {
            Device::Ram => 0,
            Device::Nvme => 20_000,
            Device::Ssd => 500_000,
            Device::Hdd => 8_000_000,
        }
    }

    fn access_ns(self, latency_ns: u64, bytes: usize, sequential: bool) -> u64 {
        let transfer_ns = bytes as u64 * 1_000_000_000 / self.bytes_per_second();
        if sequential { transfer_ns } else { latency_ns + transfer_ns }
    }

    fn bytes_per_second(self) -> u64 {
        match self {
            Device::Ram => 10_000_000_000,
            Device::Nvme => 3_000_000_000,
            Device::Ssd => 500_000_000,
            Device::Hdd => 150_000_000,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scan_of_100_mb_on_ssd_takes_a_fifth_of_a_second() {
        let pages = 100_000_000 / 8192;
        let scan_ns: u64 = (0..pages).map(|_| Device::Ssd.read_ns(8192, true)).sum();
        assert!((190_000_000..210_000_000).contains(&scan_ns), "{scan_ns}");
        assert_eq!(Device::Ssd.read_ns(0, false), 150_000);
    }
}
