import Hummingbird
import NIOCore

/// What travels beside a request: its connection, and who is at the other end.
struct CatalogContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    let channel: any Channel
    let peer: SocketAddress?

    init(source: Source) {
        coreContext = .init(source: source)
        channel = source.channel
        peer = source.channel.remoteAddress
    }
}
