//! WebAssembly: one thread, and nothing to wait for but timers.

#[cfg(any(
    feature = "fs",
    feature = "io-std",
    feature = "net",
    feature = "process",
    feature = "rt-multi-thread",
    feature = "signal"
))]
compile_error!("Only features sync,macros,io-util,rt,time are supported on wasm.");
