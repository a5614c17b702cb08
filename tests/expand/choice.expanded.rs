::ds_aio::private::choice! {
    pub Codec names { "plain" = Plain, "zstd" = Zstd, "lz4-fast" = Lz4Fast, } aliases {
    "zst" = Zstd, "lz4" = Lz4Fast, "LZ4F" = Lz4Fast, }
}
