//! `selkie_fuzz::channels` under libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| selkie_fuzz::channels::run(data));
