import Crypto
import NIOSSL
import Synchronization
import Telemetry

/// The certificate with which connections are begun, exchanged when its files change.
///
/// Both files are looked at together and taken over only when they are good together; otherwise the
/// certificate that was there stays. Connections keep the one they were begun with.
final class TLSCertificates: Sendable {
    private struct State {
        var context: NIOSSLContext
        var notAfter: Int
        var inUse: SHA256.Digest
        /// What was refused last, so that it is reported once.
        var refused: SHA256.Digest?
    }

    private let files: TLSFiles
    private let observer: Observer
    private let state: Mutex<State>
    private let gate = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))

    /// Reads the files; throws with the reason when they cannot be used.
    init(
        _ files: TLSFiles, registry: MetricsRegistry, observer: Observer
    ) async throws(ConfigurationReader.Failure) {
        let contents = try await files.contents()
        let (context, notAfter) = try contents.context()
        self.files = files
        self.observer = observer
        state = Mutex(State(context: context, notAfter: notAfter, inUse: contents.digest))
        registry.callbackGauge(
            "catalog_tls_certificate_not_after_seconds",
            help: "When the certificate in use expires, in seconds since 1970."
        ) { [weak self] in self?.notAfter ?? 0 }
    }

    /// What new connections are begun with; one uncontended lock.
    var context: NIOSSLContext { state.withLock { $0.context } }

    private var notAfter: Int { state.withLock { $0.notAfter } }

    /// Looks at the files once.
    func look() async {
        let contents: TLSContents
        do throws(ConfigurationReader.Failure) {
            contents = try await files.contents()
        } catch {
            return refuse(SHA256.hash(data: Array(error.description.utf8)), error)
        }
        let digest = contents.digest
        guard state.withLock({ $0.inUse != digest }) else {
            return state.withLock { $0.refused = nil }
        }
        do throws(ConfigurationReader.Failure) {
            let (context, notAfter) = try contents.context()
            state.withLock {
                $0 = State(context: context, notAfter: notAfter, inUse: digest)
            }
            observer.observe(.certificateReplaced(path: files.certificate))
        } catch {
            refuse(digest, error)
        }
    }

    private func refuse(_ digest: SHA256.Digest, _ reason: ConfigurationReader.Failure) {
        let isNew = state.withLock { state in
            defer { state.refused = digest }
            return state.refused != digest
        }
        if isNew { observer.observe(.certificateRefused(reason: reason.description)) }
    }

    /// Looks again and again, until `stop`.
    func run() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                while !Task.isCancelled {
                    try? await Task.sleep(for: ServerLimits.certificateInterval)
                    await self.look()
                }
            }
            for await _ in gate.stream { break }
            group.cancelAll()
        }
    }

    func stop() { gate.continuation.yield() }
}
