import CatalogModel
import Synchronization
import Telemetry

/// Who can tell whether somebody may do something.
protocol AccessReviewing: Sendable {
    /// Asks; throws when there is no answer.
    func isAllowed(_ question: AccessQuestion) async throws -> Bool
}

/// Answers questions from the cache or by one review each, however many ask at once.
///
/// Errors are not kept: the next request asks again.
final class AccessReviewer: Sendable {
    private let source: any AccessReviewing
    let cache: DecisionCache
    let counters: DecisionCounters
    private let observer: Observer
    private let flights = Mutex<[AccessQuestion: Task<Verdict, any Error>]>([:])

    init(
        source: any AccessReviewing, cache: DecisionCache, counters: DecisionCounters,
        observer: Observer
    ) {
        self.source = source
        self.cache = cache
        self.counters = counters
        self.observer = observer
    }

    /// The decision; throws `GateError.checkFailed` when it could not be had.
    func isAllowed(_ question: AccessQuestion, _ identity: Identity) async throws -> Bool {
        do {
            let known = cache.verdict(on: question)
            let verdict = if let known { known } else { try await flight(of: question).value }
            counters.count(
                isAllowed: verdict.isAllowed, known == nil ? .cluster : .cache)
            cache.keep(
                verdict, user: identity.rawUser.utf8, groups: identity.rawGroups.utf8,
                action: question.action, namespace: question.namespace)
            return verdict.isAllowed
        } catch {
            counters.countFailure()
            observer.observe(.accessCheckFailed(reason: "\(error)"))
            throw GateError.checkFailed
        }
    }

    /// The review that is under way for a question, or a new one.
    ///
    /// A task of its own: it must not end with the request that happened to come first.
    private func flight(of question: AccessQuestion) throws -> Task<Verdict, any Error> {
        try flights.withLock { flights in
            if let flight = flights[question] { return flight }
            guard flights.count < ServerLimits.reviewsUnderWay else {
                throw KubernetesError(.unavailable, "too many access reviews are under way")
            }
            let flight = Task { try await self.review(question) }
            flights[question] = flight
            return flight
        }
    }

    private func review(_ question: AccessQuestion) async throws -> Verdict {
        defer { flights.withLock { _ = $0.removeValue(forKey: question) } }
        let expires = cache.expiryOfNewDecision()
        let verdict = Verdict(
            isAllowed: try await source.isAllowed(question), expires: expires)
        cache.keep(verdict, on: question)
        return verdict
    }
}
