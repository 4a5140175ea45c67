//! Expressions and patterns with commas, bars and arrows that do not end them.

use std::collections::HashMap;
use std::future::ready;

struct Pair<A, B>(A, B);

impl<A: Copy, B: Copy> Pair<A, B> {
    async fn first(&self) -> A {
        self.0
    }
}

fn made<A, B: Default>(value: A) -> std::future::Ready<Pair<A, B>> {
    ready(Pair(value, B::default()))
}

fn main_pair() -> Pair<u8, u8> {
    Pair(1, 2)
}

#[selkie::test]
async fn generic_arguments_have_commas() {
    let pair = main_pair();
    let (made, first, sum, size) = selkie::join!(
        made::<HashMap<u8, Vec<u8>>, u16>(HashMap::new()),
        <Pair<u8, u8>>::first(&pair),
        ready([1_u8, 2].iter().fold(0, |sum, value| sum * 2 + value)),
        ready(size_of::<Pair<u8, fn(u8, u8) -> u8>>() as u32 as u64),
    );
    assert!(made.0.is_empty());
    assert_eq!((made.1, first, sum), (0, 1, 4));
    assert_eq!(size, 16);
}

#[selkie::test]
async fn comparisons_are_no_generic_arguments() {
    let (a, b, c) = (1, 2, 3);
    let (less, more) = selkie::join!(ready(a < b), ready((b < c, c > (a)).1));
    assert!(less && more);
    let parts = selkie::join!(async { a < b }, async { c > (a) });
    assert_eq!(parts, (true, true));
    let chosen = selkie::select! {
        _ = ready(()), if a < b && c > a => a < b,
    };
    assert!(chosen);
}

#[selkie::test]
async fn closures_and_casts_end_where_they_end() {
    let chosen = selkie::select! {
        value = ready(|a: u8, b: u8| a + b) => (value)(1, 2) as HashMapIndex,
        () = std::future::pending() => [1, 2].map(|value| value)[0],
    };
    assert_eq!(chosen, 3);
    let apply = |f: fn(u8, u8) -> u8| f(2, 3);
    let product = selkie::select! {
        () = ready(()) => apply(|a, b| a * b),
        () = async move { std::future::pending::<()>().await } => u8::MAX,
    };
    assert_eq!(product, 6);
}

type HashMapIndex = u8;

#[selkie::test]
async fn patterns_have_bindings_ranges_and_alternatives() {
    let mut found = Vec::new();
    for value in [Ok::<u8, u8>(3), Err(3), Ok(200)] {
        let what = selkie::select! {
            biased;
            Ok(mut small @ 0..=9) | Err(mut small @ ..=9) = ready(value) => { small += 1; small }
            Ok(ref large) = ready(value), if value > Ok(9) => *large / 2,
            else => 0
        };
        found.push(what);
    }
    assert_eq!(found, [4, 4, 100]);
    let text = selkie::select! {
        Pair(ref a, mut b) = ready(Pair(String::from("a"), String::from("b"))) => { b.push_str(a); b },
    };
    assert_eq!(text, "ba");
}

#[selkie::test]
async fn handlers_are_any_expressions() {
    let result: Result<u8, String> = async {
        let value = selkie::select! {
            value = ready("7") => value.parse::<u8>().map_err(|error| error.to_string())?,
            _ = std::future::pending::<HashMap<u8, u8>>() => return Err(String::new()),
        };
        Ok(value)
    }
    .await;
    assert_eq!(result, Ok(7));
    let named = loop {
        selkie::select! {
            pair = made::<u8, u8>(4) => break match pair { Pair(4, _) => "four", _ => "other" },
            else => continue,
        }
    };
    assert_eq!(named, "four");
}

macro_rules! with_threads {
    ($name:ident, $threads:expr, $crate_path:path) => {
        #[selkie::test(flavor = "multi_thread", worker_threads = $threads, crate = $crate_path)]
        async fn $name() -> Result<(), Box<dyn std::error::Error + Send>> {
            let workers = selkie::runtime::Handle::current().metrics().num_workers();
            assert_eq!(workers, $threads);
            Ok(())
        }
    };
}

with_threads!(options_come_from_macros, 2, selkie);

#[selkie::test(
    name = "a \"name\"",
    crate = "::selkie",
    worker_threads = 0x1,
    flavor = r"multi_thread"
)]
async fn options_are_literals_of_any_form() {
    let handle = selkie::runtime::Handle::current();
    assert_eq!(handle.name(), Some("a \"name\""));
}

#[selkie::test]
#[allow(clippy::unused_unit)]
async fn an_output_may_be_said() -> () {}

mod entry {
    #[selkie::main(flavor = "current_thread")]
    pub(crate) async fn entered<F: Fn(u8) -> u8 + Copy, const N: usize>(
        f: F,
        values: [u8; N],
    ) -> Vec<u8>
    where
        [u8; N]: Clone,
    {
        values.into_iter().map(f).collect()
    }
}

#[test]
fn an_entry_point_may_be_generic() {
    assert_eq!(entry::entered(|value| value + 1, [1, 2]), [2, 3]);
}
