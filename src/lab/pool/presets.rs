//! The presets of the lab: a script and what it shows, each.

use crate::lab::declaration::Preset;

macro_rules! script {
    ($name:literal) => {
        include_str!(concat!("presets/", $name, ".gb"))
    };
}

pub const PRESETS: &[Preset] = &[
    Preset {
        name: "hot-set",
        title: "A hot set and a scan",
        point: "One scan pushes the pages that everybody uses out of an LRU pool; ARC keeps them.",
        script: script!("hot-set"),
        compare: Some(("policy", "arc")),
        cures: &[],
        speed: "5",
    },
    Preset {
        name: "flooding",
        title: "Sequential flooding",
        point: "A table larger than the pool, read again and again: under LRU every page leaves just before it is wanted.",
        script: script!("flooding"),
        compare: Some(("policy", "optimum")),
        cures: &[],
        speed: "5",
    },
    Preset {
        name: "loop",
        title: "A loop one page too large",
        point: "Eleven pages, ten frames: LRU never hits, the optimum misses once in ten.",
        script: script!("loop"),
        compare: Some(("policy", "optimum")),
        cures: &[],
        speed: "5",
    },
    Preset {
        name: "clock",
        title: "The clock's second chance",
        point: "The hand goes round: what was used since it last came by is spared.",
        script: script!("clock"),
        compare: None,
        cures: &[],
        speed: "2",
    },
    Preset {
        name: "lru-k",
        title: "LRU-2 looks two uses back",
        point: "What was used once goes first, however lately; what was used twice is judged by its last use but one.",
        script: script!("lru-k"),
        compare: None,
        cures: &[],
        speed: "2",
    },
    Preset {
        name: "2q",
        title: "2Q lets nobody in at once",
        point: "A page has to be asked for again after it left the queue of newcomers; a scan never gets that far.",
        script: script!("2q"),
        compare: None,
        cures: &[],
        speed: "2",
    },
    Preset {
        name: "arc",
        title: "ARC learns its balance",
        point: "Each page that is missed too soon moves the border between recent and frequent pages.",
        script: script!("arc"),
        compare: None,
        cures: &[],
        speed: "2",
    },
    Preset {
        name: "index-heap",
        title: "Index against heap",
        point: "Real look-ups down a B+tree to rows of a heap file: index pages are hot, heap pages are not, and one full scan.",
        script: script!("index-heap"),
        compare: Some(("policy", "2q")),
        cures: &[],
        speed: "10",
    },
    Preset {
        name: "zipf",
        title: "Zipf, and how large a pool should be",
        point: "A few pages get most of the accesses, so a small pool goes a long way: the hit ratio of every policy at every size.",
        script: script!("zipf"),
        compare: None,
        cures: &[],
        speed: "2",
    },
    Preset {
        name: "anomaly",
        title: "Belady's anomaly",
        point: "With FIFO four frames miss more often than three.",
        script: script!("anomaly"),
        compare: Some(("frames", "4")),
        cures: &[],
        speed: "2",
    },
    Preset {
        name: "dirty",
        title: "Dirty pages and the flusher",
        point: "Without the background flusher whoever wants a frame waits for a write; with it most victims are clean.",
        script: script!("dirty"),
        compare: Some(("flusher", "30")),
        cures: &[],
        speed: "5",
    },
    Preset {
        name: "read-ahead",
        title: "Reading ahead",
        point: "A scan that is noticed is read in long pieces: one seek for eight pages.",
        script: script!("read-ahead"),
        compare: Some(("read_ahead", "7")),
        cures: &[],
        speed: "5",
    },
    Preset {
        name: "large",
        title: "100,000 pages",
        point: "The map of a large file: what of it is in the pool, and what the accesses of a second do to it.",
        script: script!("large"),
        compare: None,
        cures: &[],
        speed: "5",
    },
];
