import CatalogModel
import HistoryChecker
import TestSupport

/// A client of the change feed that goes on where it was, on whatever replica, for as long as it runs.
struct Follower {
    /// How it follows.
    enum Kind: String, CaseIterable, Sendable {
        /// Streams that are left soon for another replica.
        case hopping
        /// A stream that is kept until it breaks, also while a standby takes over.
        case holding
        /// Polls that wait.
        case polling
    }

    static let path = "/api/changes/v1alpha1"

    let number: Int
    let namespace: String
    let kind: Kind
    let site: ChaosSite
    let recorder: Recorder
    let board: StreamBoard
    private var random: SeededGenerator

    init(
        _ number: Int, _ namespace: String, _ kind: Kind, site: ChaosSite, recorder: Recorder,
        board: StreamBoard, seed: UInt64
    ) {
        self.number = number
        self.namespace = namespace
        self.kind = kind
        self.site = site
        self.recorder = recorder
        self.board = board
        random = SeededGenerator(seed: seed &* 7_919 &+ UInt64(number))
    }

    /// One of each kind for each namespace.
    static func all(
        site: ChaosSite, recorder: Recorder, board: StreamBoard, seed: UInt64
    ) -> [Follower] {
        ChaosSite.namespaces.flatMap { namespace in
            Kind.allCases.map { (namespace, $0) }
        }.enumerated().map { number, follower in
            Follower(
                number, follower.0, follower.1, site: site, recorder: recorder, board: board,
                seed: seed)
        }
    }

    /// Works until it is cancelled.
    mutating func run() async {
        while !Task.isCancelled {
            let isNew = board.cursor(of: number) == nil
            // A stream that is held lasts through the pause; whoever begins has to know the era.
            let isCounted = isNew || kind != .holding
            guard !recorder.isPaused, !isCounted || recorder.begin() else {
                try? await Task.sleep(for: .milliseconds(5))
                continue
            }
            let hasAnswered = await step()
            if isCounted { recorder.end() }
            if !hasAnswered { try? await Task.sleep(for: .milliseconds(20)) }
        }
    }

    /// Returns whether the server had something to say.
    private mutating func step() async -> Bool {
        let number = Int.random(in: 0..<ChaosSite.replicaCount, using: &random)
        let replica = site.replicas[number]
        guard let cursor = board.cursor(of: self.number) else {
            return await poll(nil, wait: 0, on: replica)
        }
        if kind == .polling {
            return await poll(cursor, wait: Int.random(in: 0...2, using: &random), on: replica)
        }
        return await follow(from: cursor, on: replica)
    }

    // MARK: Polls

    /// Asks once; without a place the follower begins at the head.
    func poll(_ cursor: String?, wait: Int, on replica: ServerProcess) async -> Bool {
        let began = recorder.now
        let place = cursor.map { "&from=\($0)" } ?? ""
        guard
            let answer = try? await replica.client.get(
                "\(Self.path)?include=body&wait=\(wait)\(place)",
                headers: ["X-Namespace": namespace]),
            accepts(answer), let body = try? answer.json(),
            let to = body["to"]?.intValue, let next = body["cursor"]?.stringValue
        else { return false }
        board.count("answers")
        guard cursor != nil else {
            // A replica that has just begun may not know its head yet.
            guard next.contains(":") else { return false }
            board.begin(
                self.number, "\(kind.rawValue) \(self.number) in \(namespace)", namespace,
                at: UInt64(to), cursor: next)
            return true
        }
        var piece = StreamBoard.Piece(to: UInt64(to), cursor: next)
        for change in body["changes"]?.arrayValue ?? [] { add(change, to: &piece) }
        if let bound = answer.header("X-Staleness-Bound").flatMap({ Int64($0) }) {
            piece.claim = .init(revision: UInt64(to), began: began, boundMs: bound)
        }
        board.add(piece, to: number)
        return true
    }

    /// Whether an answer says something of the log; one about the place is noted.
    private func accepts(_ answer: HTTPResponse) -> Bool {
        switch answer.status {
        case 200: return true
        case 409:
            board.lose(number)
            return false
        case 429, 503, 504: return false
        default:
            recorder.addUnexpected("a follower got \(answer.status): \(answer.text)")
            return false
        }
    }

    private func add(_ change: JSONValue, to piece: inout StreamBoard.Piece) {
        guard let revision = change["revision"]?.intValue, let name = change["name"]?.stringValue,
            let operation = change["op"]?.stringValue
        else { return recorder.addUnexpected("a change without a name: \(change)") }
        let row = LogRow(
            revision: UInt64(revision), register: Register(namespace: namespace, name: name),
            isDelete: operation == "delete")
        piece.rows.append(row)
        if let value = change["document"]?["category"]?.stringValue { piece.values[row] = value }
    }

    // MARK: Streams

    private mutating func follow(from cursor: String, on replica: ServerProcess) async -> Bool {
        var headers = ["X-Namespace": namespace]
        var target = "\(Self.path)?include=body"
        if Bool.random(using: &random) {
            headers["Last-Event-ID"] = cursor
        } else {
            target += "&from=\(cursor)"
        }
        let began = recorder.now
        guard
            let stream = try? await EventStream.open(target, port: replica.port, headers: headers),
            accepts(stream.response)
        else { return false }
        board.count("streams")
        var events = kind == .holding ? Int.max : Int.random(in: 5...60, using: &random)
        let patience: Duration = kind == .holding ? .seconds(8) : .milliseconds(700)
        var pending: [JSONValue] = []
        /// Only of the first word is it known after which instant it was given.
        var claimsFrom: Int64? = began
        while events > 0, !Task.isCancelled, kind == .holding || !recorder.isPaused {
            let event = await withTaskCancellationHandler {
                try? await stream.next(within: patience)
            } onCancel: {
                stream.leave()
            }
            guard let event else { return true }
            board.count("events")
            events -= 1
            guard take(event, &pending, claimsFrom) else { return true }
            if event.name == "bookmark" { claimsFrom = nil }
        }
        return true
    }

    /// Takes in one event; false for the last one of a stream.
    private func take(
        _ event: EventStream.Event, _ pending: inout [JSONValue], _ claimsFrom: Int64?
    ) -> Bool {
        switch event.name {
        case "change": pending.append(event.data)
        case "revision", "bookmark":
            guard let revision = event["revision"]?.intValue, let id = event.id else {
                recorder.addUnexpected("an event without a place: \(event)")
                return false
            }
            var piece = StreamBoard.Piece(to: UInt64(revision), cursor: id)
            for change in pending { add(change, to: &piece) }
            let count = event.name == "revision" ? event["changes"]?.intValue : 0
            if count != Int64(pending.count)
                || piece.rows.contains(where: { $0.revision != revision })
            {
                recorder.addUnexpected("\(event) after \(pending.count) changes: \(pending)")
            }
            pending = []
            if event.name == "bookmark", let claimsFrom,
                let bound = event["stalenessBoundMs"]?.intValue
            {
                piece.claim = .init(
                    revision: UInt64(revision), began: claimsFrom, boundMs: bound)
            }
            board.add(piece, to: number)
        case "reset":
            if event["reason"]?.stringValue == "revision_lost" {
                board.lose(number)
            } else {
                recorder.addUnexpected("a stream ended with \(event)")
            }
            return false
        default: return false
        }
        return true
    }
}
