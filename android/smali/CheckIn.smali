# POST /agent/v1/check-in: report up, instruction down (docs/protocol/agent.md).
.class public final Ldev/drydock/agent/CheckIn;
.super Ljava/lang/Object;

# The server's answer. With facts when it asked for them, or when they changed.
.method public static send(Landroid/content/Context;Lorg/json/JSONObject;Ljava/lang/String;Z)Lorg/json/JSONObject;
    .locals 8
    new-instance v0, Lorg/json/JSONObject;
    invoke-direct {v0}, Lorg/json/JSONObject;-><init>()V
    const-string v1, "protocol"
    const/4 v2, 0x1
    invoke-virtual {v0, v1, v2}, Lorg/json/JSONObject;->put(Ljava/lang/String;I)Lorg/json/JSONObject;
    const-string v1, "launcher_protocol"
    invoke-virtual {v0, v1, v2}, Lorg/json/JSONObject;->put(Ljava/lang/String;I)Lorg/json/JSONObject;
    const-string v1, "run_id"
    sget-object v2, Ldev/drydock/agent/Identity;->RUN:Ljava/lang/String;
    invoke-virtual {v0, v1, v2}, Lorg/json/JSONObject;->put(Ljava/lang/String;Ljava/lang/Object;)Lorg/json/JSONObject;
    const-string v1, "agent_version"
    invoke-static {p0}, Ldev/drydock/agent/Release;->version(Landroid/content/Context;)Ljava/lang/String;
    move-result-object v2
    invoke-virtual {v0, v1, v2}, Lorg/json/JSONObject;->put(Ljava/lang/String;Ljava/lang/Object;)Lorg/json/JSONObject;
    const-string v1, "manifest_digest"
    invoke-static {p0}, Ldev/drydock/agent/Release;->manifestDigest(Landroid/content/Context;)Ljava/lang/String;
    move-result-object v2
    invoke-virtual {v0, v1, v2}, Lorg/json/JSONObject;->put(Ljava/lang/String;Ljava/lang/Object;)Lorg/json/JSONObject;
    invoke-static {p0, p1}, Ldev/drydock/agent/Facts;->collect(Landroid/content/Context;Lorg/json/JSONObject;)Lorg/json/JSONObject;
    move-result-object v2
    invoke-virtual {v2}, Lorg/json/JSONObject;->toString()Ljava/lang/String;
    move-result-object v3
    invoke-static {v3}, Ldev/drydock/agent/Text;->digestOfText(Ljava/lang/String;)Ljava/lang/String;
    move-result-object v3
    const-string v1, "facts_digest"
    invoke-virtual {v0, v1, v3}, Lorg/json/JSONObject;->put(Ljava/lang/String;Ljava/lang/Object;)Lorg/json/JSONObject;
    if-nez p3, :tell
    invoke-static {p0, v1}, Ldev/drydock/agent/Store;->get(Landroid/content/Context;Ljava/lang/String;)Ljava/lang/String;
    move-result-object v4
    invoke-virtual {v3, v4}, Ljava/lang/String;->equals(Ljava/lang/Object;)Z
    move-result v4
    if-eqz v4, :tell
    sget-object v2, Lorg/json/JSONObject;->NULL:Ljava/lang/Object;
    :tell
    const-string v1, "facts"
    invoke-virtual {v0, v1, v2}, Lorg/json/JSONObject;->put(Ljava/lang/String;Ljava/lang/Object;)Lorg/json/JSONObject;
    new-instance v4, Lorg/json/JSONObject;
    invoke-direct {v4}, Lorg/json/JSONObject;-><init>()V
    const-string v1, "status"
    const-string v5, "healthy"
    invoke-virtual {v4, v1, v5}, Lorg/json/JSONObject;->put(Ljava/lang/String;Ljava/lang/Object;)Lorg/json/JSONObject;
    const-string v1, "details"
    new-instance v5, Lorg/json/JSONArray;
    invoke-direct {v5}, Lorg/json/JSONArray;-><init>()V
    invoke-virtual {v4, v1, v5}, Lorg/json/JSONObject;->put(Ljava/lang/String;Ljava/lang/Object;)Lorg/json/JSONObject;
    const-string v1, "health"
    invoke-virtual {v0, v1, v4}, Lorg/json/JSONObject;->put(Ljava/lang/String;Ljava/lang/Object;)Lorg/json/JSONObject;
    const-string v1, "attempt"
    invoke-static {p0}, Ldev/drydock/agent/Attempt;->report(Landroid/content/Context;)Ljava/lang/Object;
    move-result-object v4
    invoke-virtual {v0, v1, v4}, Lorg/json/JSONObject;->put(Ljava/lang/String;Ljava/lang/Object;)Lorg/json/JSONObject;
    const-string v1, "skipped"
    invoke-static {p0}, Ldev/drydock/agent/Attempt;->skipped(Landroid/content/Context;)Lorg/json/JSONArray;
    move-result-object v4
    invoke-virtual {v0, v1, v4}, Lorg/json/JSONObject;->put(Ljava/lang/String;Ljava/lang/Object;)Lorg/json/JSONObject;
    invoke-virtual {v0}, Lorg/json/JSONObject;->toString()Ljava/lang/String;
    move-result-object v0
    const-string v1, "/agent/v1/check-in"
    invoke-static {p1, v1, p2, v0}, Ldev/drydock/agent/Link;->request(Lorg/json/JSONObject;Ljava/lang/String;Ljava/lang/String;Ljava/lang/String;)Ljava/net/HttpURLConnection;
    move-result-object v0
    invoke-static {v0}, Ldev/drydock/agent/Link;->json(Ljava/net/HttpURLConnection;)Lorg/json/JSONObject;
    move-result-object v0
    const-string v1, "facts_digest"
    invoke-static {p0, v1, v3}, Ldev/drydock/agent/Store;->put(Landroid/content/Context;Ljava/lang/String;Ljava/lang/String;)V
    return-object v0
.end method
