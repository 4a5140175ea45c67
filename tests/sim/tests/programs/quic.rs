//! An echo over QUIC, by quinn with rustls.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use quinn::{ClientConfig, Endpoint, ServerConfig};
use rustls::RootCertStore;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use selkie_sim::{Host, Link, World};

use super::setting::{disturb, ends, seeds};

/// A certificate for the server, and its key.
#[derive(Clone)]
struct Credential {
    certificate: CertificateDer<'static>,
    key: Arc<PrivatePkcs8KeyDer<'static>>,
}

impl Credential {
    fn new() -> Self {
        let made = rcgen::generate_simple_self_signed([String::from("server")]).unwrap();
        Self {
            certificate: made.cert.der().clone(),
            key: Arc::new(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der())),
        }
    }
}

async fn serve(credential: Credential) {
    let key = PrivateKeyDer::Pkcs8(credential.key.clone_key());
    let config = ServerConfig::with_single_cert(vec![credential.certificate], key).unwrap();
    let endpoint = Endpoint::server(config, (Ipv4Addr::UNSPECIFIED, 4433).into()).unwrap();
    while let Some(incoming) = endpoint.accept().await {
        tokio::spawn(async move {
            let connection = incoming.await?;
            loop {
                let (mut sends, mut receives) = connection.accept_bi().await?;
                tokio::spawn(async move {
                    tokio::io::copy(&mut receives, &mut sends).await?;
                    sends.finish()?;
                    Ok::<_, std::io::Error>(())
                });
            }
            #[expect(unreachable_code, reason = "names the error's type")]
            Ok::<_, quinn::ConnectionError>(())
        });
    }
}

async fn call(
    credential: &Credential,
    length: usize,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let mut roots = RootCertStore::empty();
    roots.add(credential.certificate.clone())?;
    let mut endpoint = Endpoint::client((Ipv4Addr::UNSPECIFIED, 0).into())?;
    endpoint.set_default_client_config(ClientConfig::with_root_certificates(Arc::new(roots))?);
    let server = tokio::net::lookup_host("server:4433")
        .await?
        .next()
        .ok_or("no address")?;
    let connection = endpoint.connect(server, "server")?.await?;
    let (mut sends, mut receives) = connection.open_bi().await?;
    let sent: Vec<u8> = (0..length).map(|at| (at % 251) as u8).collect();
    let writes = async {
        sends.write_all(&sent).await?;
        sends.finish()?;
        Ok::<_, Box<dyn std::error::Error + Send + Sync>>(())
    };
    let reads = async { Ok(receives.read_to_end(length).await?) };
    let ((), received) = tokio::try_join!(writes, reads)?;
    assert!(received == sent, "other bytes come back");
    connection.close(0_u32.into(), b"done");
    endpoint.wait_idle().await;
    Ok(())
}

fn start_server(world: &World, credential: &Credential) -> Host {
    let credential = credential.clone();
    world
        .host("server")
        .start(move || serve(credential.clone()))
}

#[test]
fn an_echo_over_quic() {
    seeds().run(|world| async move {
        let credential = Credential::new();
        let _server = start_server(&world, &credential);
        world.default_link(Link::default().loss(0.02).duplication(0.02));
        world.sleep(Duration::from_secs(1)).await;
        let client = world.host("client").start(move || {
            let credential = credential.clone();
            async move { call(&credential, 100_000).await.unwrap() }
        });
        ends(&world, &client, Duration::from_secs(60)).await;
    });
}

#[test]
fn an_echo_over_quic_in_spite_of_faults() {
    seeds().run(|world| async move {
        let credential = Credential::new();
        let server = start_server(&world, &credential);
        let client = world.host("client").start(move || {
            let credential = credential.clone();
            async move {
                let mut answers = 0;
                while answers < 5 {
                    let called =
                        tokio::time::timeout(Duration::from_secs(20), call(&credential, 2_000))
                            .await;
                    answers += u32::from(matches!(called, Ok(Ok(()))));
                    tokio::time::sleep(Duration::from_millis(500)).await;
                }
            }
        });
        disturb(&world, &[&server, &client]).await;
        ends(&world, &client, Duration::from_secs(300)).await;
    });
}
