# What the agent remembers: texts by name, in its private preferences. Written through before it
# returns, because the next line of the caller may be the one that does not come back.
.class public final Ldev/drydock/agent/Store;
.super Ljava/lang/Object;

.method private static preferences(Landroid/content/Context;)Landroid/content/SharedPreferences;
    .locals 2
    const-string v0, "agent"
    const/4 v1, 0x0
    invoke-virtual {p0, v0, v1}, Landroid/content/Context;->getSharedPreferences(Ljava/lang/String;I)Landroid/content/SharedPreferences;
    move-result-object v0
    return-object v0
.end method

# Null where there is none.
.method public static get(Landroid/content/Context;Ljava/lang/String;)Ljava/lang/String;
    .locals 2
    invoke-static {p0}, Ldev/drydock/agent/Store;->preferences(Landroid/content/Context;)Landroid/content/SharedPreferences;
    move-result-object v0
    const/4 v1, 0x0
    invoke-interface {v0, p1, v1}, Landroid/content/SharedPreferences;->getString(Ljava/lang/String;Ljava/lang/String;)Ljava/lang/String;
    move-result-object v0
    return-object v0
.end method

# Null forgets it.
.method public static put(Landroid/content/Context;Ljava/lang/String;Ljava/lang/String;)V
    .locals 1
    invoke-static {p0}, Ldev/drydock/agent/Store;->preferences(Landroid/content/Context;)Landroid/content/SharedPreferences;
    move-result-object v0
    invoke-interface {v0}, Landroid/content/SharedPreferences;->edit()Landroid/content/SharedPreferences$Editor;
    move-result-object v0
    invoke-interface {v0, p1, p2}, Landroid/content/SharedPreferences$Editor;->putString(Ljava/lang/String;Ljava/lang/String;)Landroid/content/SharedPreferences$Editor;
    move-result-object v0
    invoke-interface {v0}, Landroid/content/SharedPreferences$Editor;->commit()Z
    return-void
.end method
