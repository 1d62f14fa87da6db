//! Work that spans shards: all of it happens, or none of it does.
