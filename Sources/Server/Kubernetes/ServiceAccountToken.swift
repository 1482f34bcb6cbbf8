import Synchronization

/// The token of the service account, read again now and then: the kubelet replaces it in its file.
final class ServiceAccountToken: Sendable {
    private struct Known {
        let token: String
        let read: ContinuousClock.Instant
    }

    private let path: String
    private let known = Mutex<Known?>(nil)

    init(path: String) { self.path = path }

    /// The token; read anew when it is older than a minute or has been forgotten.
    func current() async throws(KubernetesError) -> String {
        let now = ContinuousClock.now
        let kept = known.withLock { known in
            known.flatMap { $0.read + ServerLimits.tokenFileAge > now ? $0.token : nil }
        }
        if let kept { return kept }
        let text = try await SmallFile.text(of: path)
        let token = text.trimmingWhitespace
        known.withLock { $0 = Known(token: token, read: now) }
        return token
    }

    /// Makes the next request read the file: the API did not accept the token.
    func forget() { known.withLock { $0 = nil } }
}

extension String {
    /// Without white space and line ends around it.
    var trimmingWhitespace: String {
        let start = drop { $0.isWhitespace }
        guard let last = start.lastIndex(where: { !$0.isWhitespace }) else { return "" }
        return String(start[...last])
    }
}
