//! Runtimes from outside: flavours, hooks, ends.

mod blocking;
mod broken;
mod crowded;
mod dump;
mod ends;
mod entry;
mod handed_over;
mod hooks;
mod limits;
mod local;
mod memory;
mod nested;
mod order;
mod ownership;
mod random;
mod regressions;
mod scope;
mod shutdown;
mod watchdog;

use selkie::runtime::{Builder, Runtime};

/// A runtime of each flavour, one after the other, built after `configure`.
fn both(configure: impl Fn(&mut Builder)) -> impl Iterator<Item = Runtime> {
    let mut threads = Builder::new_multi_thread();
    threads.worker_threads(2);
    let builders = [Builder::new_current_thread(), threads].into_iter();
    builders.map(move |mut builder| {
        builder.enable_all();
        configure(&mut builder);
        builder.build().unwrap()
    })
}
