//! The sample driver on a line of a GPIO chip: `button /dev/gpiochip0 17`.

#[cfg(target_os = "linux")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    use selkie_button::{Button, Timing};
    use selkie_core::time::Delay;

    let words: Vec<String> = std::env::args().skip(1).collect();
    let [chip, line] = &words[..] else {
        return Err("usage: button CHIP LINE".into());
    };
    let runtime = selkie::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let line = selkie_gpio::open(chip, line.parse()?, "button")?;
        let mut button = Button::new(line, Delay, Timing::default());
        loop {
            println!("{:?}", button.press().await?);
        }
    })
}

#[cfg(not(target_os = "linux"))]
fn main() {
    println!("this example is for Linux");
}
