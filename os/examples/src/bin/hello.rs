//! The first program: a task beside `main`, and a sleep.
//!
//! ```sh
//! cargo run -p selkie-examples --bin hello
//! ```

use std::time::Duration;

#[selkie::main]
async fn main() {
    let task = selkie::spawn(async {
        selkie::time::sleep(Duration::from_millis(10)).await;
        "from the sea"
    });
    println!("hello");
    println!("{}", task.await.expect("the task does not panic"));
}
