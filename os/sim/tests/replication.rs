//! A planted bug: a store that acknowledges before its backup has the value. Simulation finds it, and finds nothing in the store
//! that waits for its backup.

use std::io;
use std::panic::catch_unwind;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use selkie::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use selkie::net::{TcpListener, TcpStream};
use selkie::time::timeout;
use selkie_sim::{Builder, Faults, World};

/// Asks `address` with one line; the number that it answers with.
async fn ask(address: &str, question: &str) -> io::Result<u64> {
    let answer = async {
        let mut stream = TcpStream::connect(address).await?;
        stream.write_all(format!("{question}\n").as_bytes()).await?;
        let mut line = String::new();
        BufReader::new(stream).read_line(&mut line).await?;
        line.trim().parse().map_err(io::Error::other)
    };
    timeout(Duration::from_secs(1), answer).await?
}

/// Answers each line with a number.
async fn serve<F>(answer: impl Fn(String) -> F + Clone + Send + 'static)
where
    F: Future<Output = io::Result<u64>> + Send,
{
    let listener = TcpListener::bind("0.0.0.0:7000").await.unwrap();
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let answer = answer.clone();
        selkie::spawn(async move {
            let mut stream = BufReader::new(stream);
            let mut line = String::new();
            stream.read_line(&mut line).await?;
            let number = answer(line.trim().to_owned()).await?;
            stream.write_all(format!("{number}\n").as_bytes()).await
        });
    }
}

async fn backup() {
    let value = Arc::new(AtomicU64::new(0));
    serve(move |line| {
        let value = Arc::clone(&value);
        async move {
            if let Ok(number) = line.parse::<u64>() {
                value.fetch_max(number, Ordering::SeqCst);
            }
            Ok(value.load(Ordering::SeqCst))
        }
    })
    .await;
}

async fn primary(waits_for_backup: bool) {
    serve(move |line| async move {
        let number = line.parse().map_err(io::Error::other)?;
        if waits_for_backup {
            ask("backup:7000", &line).await?;
        } else {
            selkie::spawn(async move { ask("backup:7000", &line).await });
        }
        Ok(number)
    })
    .await;
}

async fn play(world: World, waits_for_backup: bool) {
    let backup = world.host("backup").start(backup);
    let primary = world
        .host("primary")
        .start(move || primary(waits_for_backup));
    let acknowledged = Arc::new(AtomicU64::new(0));
    let told = Arc::clone(&acknowledged);
    let client = world.host("client").start(move || {
        let told = Arc::clone(&told);
        async move {
            for number in 1..=40 {
                selkie::time::sleep(Duration::from_millis(100)).await;
                if ask("primary:7000", &number.to_string()).await.is_ok() {
                    told.store(number, Ordering::SeqCst);
                }
            }
        }
    });
    let faults = Faults::hostile()
        .partitions(0)
        .pauses(0)
        .slow_links(0)
        .clock_shifts(0);
    world
        .faults(&faults, &[&primary], Duration::from_secs(6))
        .await;
    world
        .eventually(Duration::from_secs(120), "the client ends", || {
            client.ended().is_some()
        })
        .await;
    // What was lost can come from nowhere else now.
    primary.crash();
    let kept = ask("backup:7000", "what")
        .await
        .expect("the backup answers");
    let acknowledged = acknowledged.load(Ordering::SeqCst);
    assert!(
        kept >= acknowledged,
        "{acknowledged} was acknowledged, {kept} is kept"
    );
    assert_eq!(backup.ended(), None);
}

#[test]
fn an_acknowledgement_that_comes_too_early_is_found() {
    let found = catch_unwind(|| Builder::new().runs(1000).run(|world| play(world, false)));
    let found = found.expect_err("a value is lost that was acknowledged");
    let said = found.downcast_ref::<String>().expect("a text");
    println!("{said}");
    assert!(said.contains("was acknowledged"), "{said}");
    assert!(said.contains("SELKIE_SIM_SEED="), "{said}");
}

#[test]
fn nothing_is_found_where_the_backup_is_waited_for() {
    Builder::new().runs(100).run(|world| play(world, true));
}
