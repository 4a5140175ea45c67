//! `cargo run -p selkie-inspect --example busy -- [ADDRESS]`: a program that keeps itself busy, and shows it.
//!
//! Tasks tick, talk to each other, listen, and sometimes block their worker, so that there is something to find.

use std::error::Error;
use std::future::pending;
use std::hint::black_box;
use std::time::{Duration, Instant};

use selkie::net::{TcpListener, TcpStream};
use selkie::runtime::{Builder, HistogramConfiguration, LogHistogram};
use selkie::sync::mpsc;
use selkie::task::{Builder as TaskBuilder, spawn_blocking};
use selkie::time::{interval, sleep};
use selkie_inspect::Inspector;

fn main() -> Result<(), Box<dyn Error>> {
    let address = std::env::args().nth(1);
    let address = address.unwrap_or_else(|| "127.0.0.1:6669".to_owned());
    let histogram = HistogramConfiguration::log(LogHistogram::default());
    let runtime = Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .name("busy")
        .enable_metrics_poll_time_histogram()
        .metrics_poll_time_histogram_configuration(histogram.clone())
        .enable_metrics_schedule_latency_histogram()
        .metrics_schedule_latency_histogram_configuration(histogram)
        .build()?;
    let inspector = Inspector::builder().attach(runtime.handle());
    let inspector = inspector.serve(&address)?;
    if let Some(address) = inspector.address() {
        println!("look at http://{address}/");
    }
    runtime.block_on(work())
}

fn name(name: &str) -> TaskBuilder<'_> {
    TaskBuilder::new().name(name)
}

async fn work() -> Result<(), Box<dyn Error>> {
    for _ in 0..4 {
        name("ticker <b>").spawn(tick())?;
    }
    let (to_sum, numbers) = mpsc::channel(16);
    name("producer").spawn(produce(to_sum))?;
    name("consumer").spawn(consume(numbers))?;
    name("hog").spawn(hog())?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let at = listener.local_addr()?;
    name("listener").spawn(async move { while listener.accept().await.is_ok() {} })?;
    name("client").spawn(async move {
        loop {
            // The connection closes at once.
            let _connected = TcpStream::connect(at).await;
            sleep(Duration::from_millis(20)).await;
        }
    })?;
    for _ in 0..8 {
        selkie::spawn(pending::<()>());
    }
    loop {
        spawn_blocking(|| std::thread::sleep(Duration::from_millis(30))).await?;
        selkie::spawn(sleep(Duration::from_millis(500)));
    }
}

async fn tick() {
    let mut ticks = interval(Duration::from_millis(50));
    loop {
        ticks.tick().await;
    }
}

async fn produce(to: mpsc::Sender<u64>) {
    for number in 0.. {
        if to.send(number).await.is_err() {
            return;
        }
        if number % 64 == 0 {
            sleep(Duration::from_millis(2)).await;
        }
    }
}

async fn consume(mut from: mpsc::Receiver<u64>) {
    let mut sum = 0_u64;
    while let Some(number) = from.recv().await {
        sum = black_box(sum.wrapping_add(number));
    }
}

/// Blocks its worker, as no task should.
async fn hog() {
    loop {
        sleep(Duration::from_millis(300)).await;
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_millis(15) {
            std::hint::spin_loop();
        }
    }
}
