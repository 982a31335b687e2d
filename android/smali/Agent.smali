# One round: enrol where that is needed, check in, follow the answer, and again while there is
# something to do at once.
.class public final Ldev/drydock/agent/Agent;
.super Ljava/lang/Object;

# Seconds until the next round. One at a time, whoever asked for it.
.method public static round(Landroid/content/Context;)I
    .locals 2
    const-class v0, Ldev/drydock/agent/Agent;
    monitor-enter v0
    :alone_start
    invoke-static {p0}, Ldev/drydock/agent/Agent;->roundAlone(Landroid/content/Context;)I
    move-result v1
    monitor-exit v0
    :alone_end
    .catchall {:alone_start .. :alone_end} :failed
    return v1
    :failed
    move-exception v1
    :leave_start
    monitor-exit v0
    :leave_end
    .catchall {:leave_start .. :leave_end} :failed
    throw v1
.end method

.method private static roundAlone(Landroid/content/Context;)I
    .locals 8
    invoke-static {p0}, Ldev/drydock/agent/Installation;->load(Landroid/content/Context;)Lorg/json/JSONObject;
    move-result-object v0
    if-nez v0, :installed
    const-string v1, "This package names no server: install one of a distribution."
    invoke-static {p0, v1}, Ldev/drydock/agent/Agent;->say(Landroid/content/Context;Ljava/lang/String;)V
    const/16 v1, 0xe10
    return v1
    :installed
    const/4 v1, 0x0
    const/4 v2, 0x0
    const/16 v3, 0x8
    :again
    invoke-static {p0, v0}, Ldev/drydock/agent/Identity;->bearer(Landroid/content/Context;Lorg/json/JSONObject;)Ljava/lang/String;
    move-result-object v4
    if-nez v4, :enrolled
    invoke-static {p0, v0}, Ldev/drydock/agent/Identity;->enrol(Landroid/content/Context;Lorg/json/JSONObject;)V
    invoke-static {p0, v0}, Ldev/drydock/agent/Identity;->bearer(Landroid/content/Context;Lorg/json/JSONObject;)Ljava/lang/String;
    move-result-object v4
    :enrolled
    invoke-static {p0, v0, v4}, Ldev/drydock/agent/Upgrade;->advance(Landroid/content/Context;Lorg/json/JSONObject;Ljava/lang/String;)V
    :ask_start
    invoke-static {p0, v0, v4, v1}, Ldev/drydock/agent/CheckIn;->send(Landroid/content/Context;Lorg/json/JSONObject;Ljava/lang/String;Z)Lorg/json/JSONObject;
    move-result-object v5
    :ask_end
    .catch Ldev/drydock/agent/Refused; {:ask_start .. :ask_end} :refused
    const-string v6, "Checked in."
    invoke-static {p0, v6}, Ldev/drydock/agent/Agent;->say(Landroid/content/Context;Ljava/lang/String;)V
    const-string v6, "want_facts"
    const/4 v7, 0x0
    invoke-virtual {v5, v6, v7}, Lorg/json/JSONObject;->optBoolean(Ljava/lang/String;Z)Z
    move-result v1
    invoke-static {p0, v5}, Ldev/drydock/agent/Upgrade;->heed(Landroid/content/Context;Lorg/json/JSONObject;)Z
    move-result v6
    const-string v7, "interval_s"
    invoke-virtual {v5, v7}, Lorg/json/JSONObject;->getInt(Ljava/lang/String;)I
    move-result v5
    if-eqz v6, :enough
    add-int/lit8 v2, v2, 0x1
    if-lt v2, v3, :again
    :enough
    return v5
    :refused
    move-exception v5
    iget v6, v5, Ldev/drydock/agent/Refused;->status:I
    const/16 v7, 0x191
    if-ne v6, v7, :rethrow
    invoke-static {p0}, Ldev/drydock/agent/Identity;->forget(Landroid/content/Context;)V
    add-int/lit8 v2, v2, 0x1
    if-lt v2, v3, :again
    :rethrow
    throw v5
.end method

# For the person who opens the app.
.method public static say(Landroid/content/Context;Ljava/lang/String;)V
    .locals 1
    const-string v0, "status"
    invoke-static {p0, v0, p1}, Ldev/drydock/agent/Store;->put(Landroid/content/Context;Ljava/lang/String;Ljava/lang/String;)V
    return-void
.end method
