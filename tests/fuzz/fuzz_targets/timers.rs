//! `selkie_fuzz::timers` under libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| selkie_fuzz::timers::run(data));
