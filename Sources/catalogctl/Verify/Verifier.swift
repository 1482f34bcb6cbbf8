import CatalogClient
import CatalogModel

/// Asks every replica for the same content and judges the answers.
///
/// The truth is what Postgres says (`Cache-Control: no-cache`), asked for through the first replica
/// that answers. Each replica is then asked for at least that revision. Where both answers carry the
/// same revision of the same history, digests and bytes have to be the same; where writes went on in
/// between, the truth is asked for again.
struct Verifier: Sendable {
    struct Settings: Sendable {
        var namespaces: [String]
        var samples: Int
        var within: Duration
        var seed: UInt64
    }

    /// How often a comparison is begun again because writes went on.
    static let patience = 20

    let client: CatalogClient
    let settings: Settings

    /// Looks at every collection of every namespace once; never throws for what a replica does.
    func round(_ number: UInt64) async throws -> VerifyReport {
        var report = VerifyReport()
        var reachable: [String] = []
        var named: [String] = settings.namespaces
        for server in client.servers {
            do {
                let answer = try await client.send(
                    .get("/api/tenancy/v1alpha1/namespaces").plain, to: server)
                let names = try answer.json()["namespaces"]?.arrayValue ?? []
                guard answer.status == 200, !names.isEmpty else {
                    throw ClientError(
                        .malformed, "status \(answer.status), no namespaces", server: server)
                }
                reachable.append(server)
                if settings.namespaces.isEmpty {
                    named += names.compactMap(\.stringValue).filter { !named.contains($0) }
                }
            } catch let error as ClientError {
                report.add(Self.unreachable(error))
            }
        }
        var random = SplitMix(state: settings.seed &+ number)
        for namespace in named {
            for place in Place.all {
                try Task.checkCancellation()
                await look(at: place, in: namespace, on: reachable, &report, &random)
            }
        }
        return report
    }

    /// Compares the digest of a collection on all servers, then the bytes of some of its entities.
    private func look(
        at place: Place, in namespace: String, on servers: [String], _ report: inout VerifyReport,
        _ random: inout SplitMix
    ) async {
        for server in servers {
            await compare(
                Subject(
                    namespace: namespace, path: place.list,
                    query: [("pageSize", "1"), ("explain", "cache")], measure: .digest),
                on: server, among: servers, &report)
            await compare(
                Subject(
                    namespace: namespace, path: place.list, query: [("pageSize", "100")],
                    measure: .bytes),
                on: server, among: servers, &report)
        }
        guard settings.samples > 0, let first = servers.first else { return }
        let whole = CatalogRequest.get(
            place.list, query: [("pageSize", "1000")], namespace: namespace)
        guard let answer = try? await client.send(whole.plain, to: first), answer.isSuccess,
            let items = try? answer.json()["items"]?.arrayValue
        else { return }
        let names = items.compactMap { $0["name"]?.stringValue }
        for name in names.shuffled(using: &random).prefix(settings.samples) {
            let subject = Subject(
                namespace: namespace, path: place.entity(name), query: [], measure: .bytes)
            for server in servers {
                await compare(subject, on: server, among: servers, &report)
            }
        }
    }

    // MARK: One comparison

    private struct Subject: Sendable {
        let namespace: String
        let path: String
        let query: [(name: String, value: String)]
        let measure: Measure

        var request: CatalogRequest {
            CatalogRequest.get(path, query: query, namespace: namespace).plain
        }

        func sight(_ answer: CatalogAnswer) -> Sight {
            measure == .digest ? Sight(digestOf: answer) : Sight(bytesOf: answer)
        }
    }

    private enum Measure { case digest, bytes }

    /// What one attempt at a comparison came to.
    private enum Verdict {
        case consistent(Duration)
        case finding(VerifyReport.Finding.Kind, String)
        /// Writes went on, or the history changed.
        case moved
        /// The servers do not know the place, such as the collections of a disabled plugin.
        case absent
    }

    /// Compares until both answers are of one state, within bounds, and counts what came of it.
    private func compare(
        _ subject: Subject, on server: String, among servers: [String],
        _ report: inout VerifyReport
    ) async {
        for _ in 0..<Self.patience {
            switch await verdict(on: subject, server, among: servers) {
            case .consistent(let duration): report.countConsistent(duration)
            case .finding(let kind, let text):
                report.add(
                    VerifyReport.Finding(
                        kind: kind, server: server, namespace: subject.namespace,
                        place: subject.path, text: text))
            case .moved: continue
            case .absent: break
            }
            return
        }
        report.countMoved()
    }

    private func verdict(
        on subject: Subject, _ server: String, among servers: [String]
    ) async -> Verdict {
        guard let truth = await truth(of: subject, from: servers) else {
            return .finding(.unreachable, "no replica can ask Postgres")
        }
        guard let head = truth.head else { return .absent }
        var request = subject.request
        if let epoch = head.epoch {
            request = request.header("X-Catalog-Min-Revision", String(head.revision))
                .header("X-Catalog-Epoch", epoch)
        }
        let asked = ContinuousClock.now
        let answer: CatalogAnswer
        do {
            answer = try await client.send(request, to: server)
        } catch {
            return .finding(.unreachable, "\((error as? ClientError)?.message ?? "\(error)")")
        }
        let took = asked.duration(to: .now)
        if answer.status == 409 { return .moved }
        if answer.status >= 500 { return .finding(.unreachable, "status \(answer.status)") }
        let seen = subject.sight(answer)
        guard let found = seen.head else {
            return .finding(.violation, "status \(answer.status) without a revision")
        }
        if found.epoch == head.epoch, found.revision < head.revision {
            return .finding(
                .violation, "revision \(found.revision) where \(head.revision) was asked for")
        }
        guard truth.isComparable(with: seen) else { return .moved }
        if let difference = truth.difference(from: seen) {
            return .finding(.violation, "at revision \(head.revision) \(difference)")
        }
        return took > settings.within
            ? .finding(.late, "took \(Int(took / .milliseconds(1))) ms") : .consistent(took)
    }

    /// What Postgres says, through the first server that can ask it.
    private func truth(
        of subject: Subject, from servers: [String]
    ) async -> Sight? {
        for server in servers {
            let request = subject.request.header("Cache-Control", "no-cache")
            guard let answer = try? await client.send(request, to: server),
                answer.isSuccess || answer.status == 404
            else { continue }
            return subject.sight(answer)
        }
        return nil
    }

    private static func unreachable(_ error: ClientError) -> VerifyReport.Finding {
        VerifyReport.Finding(
            kind: .unreachable, server: error.server, namespace: "", place: "",
            text: error.message)
    }
}

/// Random numbers that a seed repeats.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
