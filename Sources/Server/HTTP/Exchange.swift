import CatalogModel
import HTTPTypes
import Hummingbird
import NIOCore

/// One request as the handlers see it: checked parts, and whose it is.
struct Exchange: Sendable {
    let request: Request
    let method: String
    let path: Substring
    let query: QueryParameters
    let endpoint: Endpoint
    let namespace: Namespace
    let requestID: String
    let identity: Identity
    /// The connection that the answer goes to.
    let channel: any Channel
    /// When the head had been read.
    let began = ContinuousClock.now
    /// The time since then.
    var age: Duration { began.duration(to: .now) }

    /// Reads the whole body; throws `.payloadTooLarge` beyond `limit` bytes and `.badRequest`
    /// when it breaks off.
    func body(limit: Int) async throws -> [UInt8] {
        if let text = request.headers[.contentLength], let length = Int(text), length > limit {
            throw Self.tooLarge(limit)
        }
        inviteBody()
        var bytes: [UInt8] = []
        do {
            for try await buffer in request.body {
                guard bytes.count + buffer.readableBytes <= limit else {
                    throw Self.tooLarge(limit)
                }
                bytes.append(contentsOf: buffer.readableBytesView)
            }
        } catch let error as RequestError {
            throw error
        } catch {
            // The framing is broken or the client has gone; nothing on this side has failed.
            throw RequestError.badRequest("the body could not be read to its end")
        }
        return bytes
    }

    /// Has a client that waits with its body told to send it.
    private func inviteBody() {
        // On HTTP/2 nobody in the stream's channel knows how to say it.
        guard request.headers[.expect] != nil, !channel.isStreamOfConnection else { return }
        channel.triggerUserOutboundEvent(ExpectationHandler.BodyIsWanted(), promise: nil)
    }

    /// Reads the body as one JSON value; throws `.badRequest` for anything else.
    func json(limit: Int) async throws -> (value: JSONValue, bytes: [UInt8]) {
        let bytes = try await body(limit: limit)
        guard !bytes.isEmpty else { throw RequestError.badRequest("the request has no body") }
        do throws(JSONError) {
            return (try JSONParser.parse(bytes), bytes)
        } catch {
            throw error.requestError
        }
    }

    private static func tooLarge(_ limit: Int) -> RequestError {
        RequestError(.payloadTooLarge, "the body exceeds \(limit) bytes")
    }
}

extension StringProtocol {
    var trimmingBlanks: String {
        let start = drop { $0 == " " || $0 == "\t" }
        guard let last = start.lastIndex(where: { $0 != " " && $0 != "\t" }) else { return "" }
        return String(start[...last])
    }
}
