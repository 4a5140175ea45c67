async fn mistakes() {
    selkie::select! {}
    selkie::select! { () = async {} }
    selkie::select! { () = async {} => {} else => {} () = async {} => {} }
    selkie::select! { () = async {}, while true => {} }
    selkie::select! { async {} => {} }
}

fn main() {
    drop(mistakes());
}
