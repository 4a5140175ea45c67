//! `selkie_fuzz::streams` under libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| selkie_fuzz::streams::run(data));
