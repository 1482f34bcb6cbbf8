import CatalogModel
import HistoryChecker
import TestSupport

/// A client that reads and writes in random order, one request after the other, on any replica.
struct Session {
    /// What an answer shows of a register; nothing where there is no entity.
    private struct Seen {
        let content: String?
    }

    let number: Int
    let site: ChaosSite
    let recorder: Recorder
    let tokens: TokenBoard
    private var random: SeededGenerator
    /// The tag that was seen last of a register, with its value.
    private var tags: [Register: (tag: String, value: String?)] = [:]
    private var era = 0

    init(
        _ number: Int, site: ChaosSite, recorder: Recorder, tokens: TokenBoard, seed: UInt64
    ) {
        self.number = number
        self.site = site
        self.recorder = recorder
        self.tokens = tokens
        random = SeededGenerator(seed: seed &* 1_000 &+ UInt64(number))
    }

    /// Works until it is cancelled.
    mutating func run() async {
        while !Task.isCancelled {
            guard recorder.begin() else {
                try? await Task.sleep(for: .milliseconds(5))
                continue
            }
            if tokens.era != era {
                era = tokens.era
                tags = [:]
            }
            await step()
            recorder.end()
        }
    }

    private mutating func step() async {
        guard let register = ChaosSite.registers.randomElement(using: &random) else { return }
        let replica = Int.random(in: 0..<ChaosSite.replicaCount, using: &random)
        switch Int.random(in: 0..<20, using: &random) {
        case 0..<6: await write(register, recorder.value(), on: replica)
        case 6: await write(register, nil, on: replica)
        default:
            let level = Operation.Level.allCases.randomElement(using: &random) ?? .plain
            await read(register, level, on: replica)
        }
    }

    // MARK: Writing

    private func write(_ register: Register, _ value: String?, on replica: Int) async {
        let life = site.life(of: replica)
        let began = recorder.now
        var outcome = Operation.Outcome.unknown
        var revision: UInt64?
        do {
            let client = site.replicas[replica].client
            let path = ChaosSite.path(of: register)
            let headers = ChaosSite.headers(register.namespace)
            let answer =
                if let value {
                    try await client.put(
                        path, headers: headers,
                        json: ["name": .string(register.name), "category": .string(value)])
                } else {
                    try await client.delete(path, headers: headers)
                }
            revision = answer.header("X-Catalog-Revision").flatMap { UInt64($0) }
            outcome = self.outcome(of: answer, value == nil)
            if outcome == .answered, let revision {
                tokens.learn(number, register.namespace, revision, answer)
            }
        } catch {
            // Whether the request arrived is not known.
        }
        let ended = recorder.now
        recorder.add { id in
            Operation(
                id: id, session: number, replica: life, register: register,
                action: .write(value), began: began, ended: ended, outcome: outcome,
                revision: outcome == .answered ? revision : nil)
        }
    }

    private func outcome(of answer: HTTPResponse, _ isDelete: Bool) -> Operation.Outcome {
        switch answer.status {
        case 200, 201, 204: return .answered
        case 404 where isDelete: return .refused
        case 503, 504:
            // Where the commit's outcome is open, the answer says so.
            let isOpen = (try? answer.json())?["details"]?["outcome"] != nil
            return isOpen ? .unknown : .refused
        default:
            recorder.addUnexpected("a write got \(answer.status): \(answer.text)")
            return .unknown
        }
    }

    // MARK: Reading

    private mutating func read(
        _ register: Register, _ level: Operation.Level, on replica: Int
    ) async {
        var headers = ["X-Namespace": register.namespace]
        var demanded: UInt64?
        switch level {
        case .plain: break
        case .strong: headers["X-Catalog-Consistency"] = "strong"
        case .noCache: headers["Cache-Control"] = "no-cache"
        case .maxAge: headers["Cache-Control"] = "max-age=1"
        case .token:
            if let token = tokens.token(number, register.namespace) {
                headers["X-Catalog-Min-Revision"] = String(token.revision)
                headers["X-Catalog-Epoch"] = token.epoch
                demanded = token.revision
            }
        case .conditional:
            if let known = tags[register] {
                headers["If-None-Match"] = known.tag
                demanded = known.tag.drop { !$0.isNumber }.split(separator: "-").first
                    .flatMap { UInt64($0) }
            }
        }
        let life = site.life(of: replica)
        let began = recorder.now
        guard
            let answer = try? await site.replicas[replica].client.get(
                ChaosSite.path(of: register), headers: headers)
        else { return }
        let ended = recorder.now
        guard let value = value(of: answer, register) else { return }
        let revision = answer.header("X-Catalog-Revision").flatMap { UInt64($0) }
        if let tag = answer.header("ETag") { tags[register] = (tag, value.content) }
        if let revision { tokens.learn(number, register.namespace, revision, answer) }
        let session = number
        recorder.add { id in
            Operation(
                id: id, session: session, replica: life, register: register,
                action: .read(level), began: began, ended: ended, value: value.content,
                revision: revision, demanded: demanded,
                boundMs: answer.header("X-Staleness-Bound").flatMap { Int64($0) },
                isCached: ["HIT", "STALE"].contains(answer.header("X-Cache")))
        }
    }

    /// What an answer shows; nil for an answer that shows nothing.
    private func value(
        of answer: HTTPResponse, _ register: Register
    ) -> Seen? {
        switch answer.status {
        case 200:
            let category = (try? answer.json())?["category"]?.stringValue
            if category == nil { recorder.addUnexpected("no value: \(answer.text)") }
            return Seen(content: category)
        case 304: return tags[register].map { Seen(content: $0.value) }
        case 404: return Seen(content: nil)
        case 503, 504: return nil
        default:
            recorder.addUnexpected("a read got \(answer.status): \(answer.text)")
            return nil
        }
    }
}
