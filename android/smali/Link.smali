# The ways to the server: each proxy of the distribution, then direct. A way that gives no answer,
# and a proxy that answers 407, 502, 503 or 504, is left for the next. Redirects are not followed.
.class public final Ldev/drydock/agent/Link;
.super Ljava/lang/Object;

# A connection whose answer has begun. `body` null: GET. `bearer` null: none.
.method public static request(Lorg/json/JSONObject;Ljava/lang/String;Ljava/lang/String;Ljava/lang/String;)Ljava/net/HttpURLConnection;
    .locals 8
    new-instance v0, Ljava/net/URL;
    new-instance v1, Ljava/lang/StringBuilder;
    invoke-direct {v1}, Ljava/lang/StringBuilder;-><init>()V
    const-string v2, "server_url"
    invoke-virtual {p0, v2}, Lorg/json/JSONObject;->getString(Ljava/lang/String;)Ljava/lang/String;
    move-result-object v2
    invoke-virtual {v1, v2}, Ljava/lang/StringBuilder;->append(Ljava/lang/String;)Ljava/lang/StringBuilder;
    invoke-virtual {v1, p1}, Ljava/lang/StringBuilder;->append(Ljava/lang/String;)Ljava/lang/StringBuilder;
    invoke-virtual {v1}, Ljava/lang/StringBuilder;->toString()Ljava/lang/String;
    move-result-object v1
    invoke-direct {v0, v1}, Ljava/net/URL;-><init>(Ljava/lang/String;)V
    const-string v1, "proxy"
    invoke-virtual {p0, v1}, Lorg/json/JSONObject;->optJSONArray(Ljava/lang/String;)Lorg/json/JSONArray;
    move-result-object v1
    const/4 v2, 0x0
    if-eqz v1, :direct
    invoke-virtual {v1}, Lorg/json/JSONArray;->length()I
    move-result v3
    :next
    if-ge v2, v3, :direct
    :try_start
    invoke-virtual {v1, v2}, Lorg/json/JSONArray;->getString(I)Ljava/lang/String;
    move-result-object v4
    invoke-static {v4}, Ldev/drydock/agent/Link;->proxy(Ljava/lang/String;)Ljava/net/Proxy;
    move-result-object v4
    invoke-static {v0, v4, p2, p3}, Ldev/drydock/agent/Link;->ask(Ljava/net/URL;Ljava/net/Proxy;Ljava/lang/String;Ljava/lang/String;)Ljava/net/HttpURLConnection;
    move-result-object v5
    invoke-virtual {v5}, Ljava/net/HttpURLConnection;->getResponseCode()I
    move-result v6
    :try_end
    .catch Ljava/io/IOException; {:try_start .. :try_end} :failed
    sparse-switch v6, :proxies_own
    return-object v5
    :leave
    invoke-virtual {v5}, Ljava/net/HttpURLConnection;->disconnect()V
    goto :after
    :failed
    move-exception v4
    :after
    add-int/lit8 v2, v2, 0x1
    goto :next
    :direct
    sget-object v4, Ljava/net/Proxy;->NO_PROXY:Ljava/net/Proxy;
    invoke-static {v0, v4, p2, p3}, Ldev/drydock/agent/Link;->ask(Ljava/net/URL;Ljava/net/Proxy;Ljava/lang/String;Ljava/lang/String;)Ljava/net/HttpURLConnection;
    move-result-object v5
    return-object v5
    :proxies_own
    .sparse-switch
        0x197 -> :leave
        0x1f6 -> :leave
        0x1f7 -> :leave
        0x1f8 -> :leave
    .end sparse-switch
.end method

# `host:port` as the wire spells it; an IPv6 address stands in brackets.
.method private static proxy(Ljava/lang/String;)Ljava/net/Proxy;
    .locals 5
    const/16 v0, 0x3a
    invoke-virtual {p0, v0}, Ljava/lang/String;->lastIndexOf(I)I
    move-result v0
    const/4 v1, 0x0
    invoke-virtual {p0, v1, v0}, Ljava/lang/String;->substring(II)Ljava/lang/String;
    move-result-object v1
    add-int/lit8 v0, v0, 0x1
    invoke-virtual {p0, v0}, Ljava/lang/String;->substring(I)Ljava/lang/String;
    move-result-object v0
    invoke-static {v0}, Ljava/lang/Integer;->parseInt(Ljava/lang/String;)I
    move-result v0
    new-instance v2, Ljava/net/InetSocketAddress;
    invoke-direct {v2, v1, v0}, Ljava/net/InetSocketAddress;-><init>(Ljava/lang/String;I)V
    new-instance v3, Ljava/net/Proxy;
    sget-object v4, Ljava/net/Proxy$Type;->HTTP:Ljava/net/Proxy$Type;
    invoke-direct {v3, v4, v2}, Ljava/net/Proxy;-><init>(Ljava/net/Proxy$Type;Ljava/net/SocketAddress;)V
    return-object v3
.end method

.method private static ask(Ljava/net/URL;Ljava/net/Proxy;Ljava/lang/String;Ljava/lang/String;)Ljava/net/HttpURLConnection;
    .locals 4
    invoke-virtual {p0, p1}, Ljava/net/URL;->openConnection(Ljava/net/Proxy;)Ljava/net/URLConnection;
    move-result-object v0
    check-cast v0, Ljava/net/HttpURLConnection;
    const/16 v1, 0x3a98
    invoke-virtual {v0, v1}, Ljava/net/HttpURLConnection;->setConnectTimeout(I)V
    const/16 v1, 0x7530
    invoke-virtual {v0, v1}, Ljava/net/HttpURLConnection;->setReadTimeout(I)V
    const/4 v1, 0x0
    invoke-virtual {v0, v1}, Ljava/net/HttpURLConnection;->setInstanceFollowRedirects(Z)V
    invoke-virtual {v0, v1}, Ljava/net/HttpURLConnection;->setUseCaches(Z)V
    const-string v1, "Accept-Encoding"
    const-string v2, "identity"
    invoke-virtual {v0, v1, v2}, Ljava/net/HttpURLConnection;->setRequestProperty(Ljava/lang/String;Ljava/lang/String;)V
    if-eqz p2, :body
    const-string v1, "Authorization"
    const-string v2, "Bearer "
    invoke-virtual {v2, p2}, Ljava/lang/String;->concat(Ljava/lang/String;)Ljava/lang/String;
    move-result-object v2
    invoke-virtual {v0, v1, v2}, Ljava/net/HttpURLConnection;->setRequestProperty(Ljava/lang/String;Ljava/lang/String;)V
    :body
    if-eqz p3, :answer
    const-string v1, "UTF-8"
    invoke-virtual {p3, v1}, Ljava/lang/String;->getBytes(Ljava/lang/String;)[B
    move-result-object v1
    const/4 v2, 0x1
    invoke-virtual {v0, v2}, Ljava/net/HttpURLConnection;->setDoOutput(Z)V
    const-string v2, "Content-Type"
    const-string v3, "application/json"
    invoke-virtual {v0, v2, v3}, Ljava/net/HttpURLConnection;->setRequestProperty(Ljava/lang/String;Ljava/lang/String;)V
    invoke-virtual {v0}, Ljava/net/HttpURLConnection;->getOutputStream()Ljava/io/OutputStream;
    move-result-object v2
    invoke-virtual {v2, v1}, Ljava/io/OutputStream;->write([B)V
    invoke-virtual {v2}, Ljava/io/OutputStream;->close()V
    :answer
    invoke-virtual {v0}, Ljava/net/HttpURLConnection;->getResponseCode()I
    return-object v0
.end method

# The JSON of a good answer. Otherwise a Refused, where the server said why in its own words, or an
# IOException.
.method public static json(Ljava/net/HttpURLConnection;)Lorg/json/JSONObject;
    .locals 6
    invoke-virtual {p0}, Ljava/net/HttpURLConnection;->getResponseCode()I
    move-result v0
    const/high16 v1, 0x100000
    const/16 v2, 0xc8
    if-ne v0, v2, :refused
    invoke-virtual {p0}, Ljava/net/HttpURLConnection;->getInputStream()Ljava/io/InputStream;
    move-result-object v2
    invoke-static {v2, v1}, Ldev/drydock/agent/Text;->read(Ljava/io/InputStream;I)Ljava/lang/String;
    move-result-object v2
    new-instance v3, Lorg/json/JSONObject;
    invoke-direct {v3, v2}, Lorg/json/JSONObject;-><init>(Ljava/lang/String;)V
    return-object v3
    :refused
    invoke-virtual {p0}, Ljava/net/HttpURLConnection;->getErrorStream()Ljava/io/InputStream;
    move-result-object v2
    if-eqz v2, :silent
    :words_start
    invoke-static {v2, v1}, Ldev/drydock/agent/Text;->read(Ljava/io/InputStream;I)Ljava/lang/String;
    move-result-object v2
    new-instance v3, Lorg/json/JSONObject;
    invoke-direct {v3, v2}, Lorg/json/JSONObject;-><init>(Ljava/lang/String;)V
    const-string v4, "code"
    invoke-virtual {v3, v4}, Lorg/json/JSONObject;->getString(Ljava/lang/String;)Ljava/lang/String;
    move-result-object v4
    :words_end
    .catch Lorg/json/JSONException; {:words_start .. :words_end} :foreign
    new-instance v5, Ldev/drydock/agent/Refused;
    invoke-direct {v5, v0, v4}, Ldev/drydock/agent/Refused;-><init>(ILjava/lang/String;)V
    throw v5
    :foreign
    move-exception v2
    :silent
    new-instance v2, Ljava/io/IOException;
    invoke-static {v0}, Ljava/lang/String;->valueOf(I)Ljava/lang/String;
    move-result-object v3
    const-string v4, "answered with "
    invoke-virtual {v4, v3}, Ljava/lang/String;->concat(Ljava/lang/String;)Ljava/lang/String;
    move-result-object v3
    invoke-direct {v2, v3}, Ljava/io/IOException;-><init>(Ljava/lang/String;)V
    throw v2
.end method
