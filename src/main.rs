//! The `xg2g` program.

fn main() {}
