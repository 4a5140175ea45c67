//! The sample driver on a line of a GPIO chip: `button /dev/gpiochip0 17`.

#[cfg(target_os = "linux")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    use lexopt::prelude::{Value, ValueExt};
    use selkie_button::{Button, Timing};
    use selkie_core::time::Delay;

    let mut parser = lexopt::Parser::from_env();
    let mut value = || match parser.next()? {
        Some(Value(value)) => Ok(value),
        Some(argument) => Err(argument.unexpected()),
        None => Err(lexopt::Error::from("usage: button CHIP LINE")),
    };
    let (chip, line): (_, u32) = (value()?, value()?.parse()?);
    let runtime = selkie::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let line = selkie_gpio::open(chip, line, "button")?;
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
